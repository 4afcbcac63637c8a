"""Settings that make the numbers of a job repeat: its number of threads, and deterministic algorithms.

The number of threads can change the order of a sum, and so its last bits.

- TensorFlow always uses as many threads as there are cores.
- PyTorch: DifferNet and knn in bfloat16 give equal scores with one and with two threads, DifferNet with up to eight.
  The gradients of DifferNet's maps differ with three or eight threads. In float32 the deeper maps of a backbone differ
  in their last bits. PatchCore's picks and SimpleNet's training then part, and so do their scores.

To get equal bits for every value of `--jobs`, set OMP_NUM_THREADS. The column `threads` of the CSV gives the number of
threads, except for TensorFlow.
"""

import os
import re
import sys
import warnings
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Variables whose number of threads is divided between jobs that run at once."""
UNDIVIDED = "TF_NUM_INTRAOP_THREADS"
"""TensorFlow's number of threads, which is not divided between jobs.

Training with TensorFlow depends on the number of threads, which must not depend on `--jobs`. On two cores, two
trainings at once took no longer with two threads each than with one each.
"""
WAITING = {"OMP_WAIT_POLICY": "passive"}
"""Makes idle OpenMP threads sleep at once instead of spinning.

On two cores, two jobs of two threads take three times as long if idle threads spin. If they sleep, the jobs take no
longer than two jobs of one thread.
"""
TENSORFLOW = "TF_DETERMINISTIC_OPS"
WINDOWLESS = {"MPLBACKEND": "agg"}
"""Figures are written to files; the backend of a notebook that starts a run need not exist in a job."""
REPEATABLE = {TENSORFLOW: "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Variables that TensorFlow and cuBLAS read when they are loaded."""
NO_ALGORITHM = re.compile(r"(\w+) does not have a deterministic implementation")
"""Start of PyTorch's warning about an operation without a deterministic algorithm."""


def variables(settings: Mapping[str, Any], *, at_once: int | None = 1) -> dict[str, str]:
    """The environment variables of a job, given the settings of its method.

    The cores are divided between `at_once` jobs, except for TensorFlow. None: the number of jobs is not known, and each
    may use all cores. Where OMP_NUM_THREADS is set, the other libraries have as many threads.
    """
    given = threads_given()
    share = given or max(1, cores() // (at_once or 1))
    threads = dict.fromkeys(THREAD_VARIABLES, str(share)) | {UNDIVIDED: str(cores())} | ({} if at_once else WAITING)
    compiled = {TENSORFLOW: "0"} if settings.get("jit_compile") else {}  # with it, Keras compiles nothing
    return threads | REPEATABLE | WINDOWLESS | compiled


def threads_given() -> int | None:
    """The number of threads in OMP_NUM_THREADS, of a list such as `4,2` the first: that of the outer level."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    is_number = given.isdecimal() and len(given) < 10  # more digits are no number of threads, nor one that int() reads
    return int(given) or None if is_number else None


def cores() -> int:
    """The number of cores that this process may use. It can be lower than that of the machine."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def prefer_repeatable() -> list[str]:
    """Make PyTorch prefer deterministic algorithms, as soon as a method imports it.

    The names of operations that had no such algorithm are later added to the returned list.
    """
    from wrapt import when_imported

    unrepeatable: list[str] = []
    show = warnings.showwarning

    def note(message: Warning | str, *where: Any, **named: Any) -> None:
        unrepeatable.extend(NO_ALGORITHM.findall(str(message)))
        show(message, *where, **named)

    warnings.showwarning = note
    when_imported("torch")(_prefer)
    return unrepeatable


def _prefer(torch: ModuleType) -> None:
    # `use_deterministic_algorithms` would do the same, but it loads PyTorch's compiler.
    torch.set_deterministic_debug_mode("warn")
    torch.utils.deterministic.fill_uninitialized_memory = False  # True would write every result twice


def remarks(unrepeatable: Collection[str]) -> list[str]:
    """Remarks on why the numbers of a job in this process may not repeat to the last digit."""
    said = []
    if unrepeatable:
        names = ", ".join(sorted(set(unrepeatable)))
        said.append(f"PyTorch sums in no fixed order in {names}: a second run may differ in the last digits")
    if "tensorflow" in sys.modules and os.environ.get(TENSORFLOW, "").lower() in ("0", "false"):
        said.append(
            f"TensorFlow's deterministic operations were off ({TENSORFLOW}=0, which jit_compile needs): a second run "
            "may differ in the last digits"
        )
    return said
