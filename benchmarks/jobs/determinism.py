"""How the libraries of a job compute: with how many threads, and by algorithms whose results repeat.

The number of threads may decide the order of a sum, and so its last bits. On TensorFlow there are as many as cores.
On PyTorch DifferNet and knn give equal scores with one thread and with two, and DifferNet with up to eight; the
gradients of its maps do not with three or eight. Whoever needs equal bits whatever `--jobs` is sets OMP_NUM_THREADS;
the column `threads` of the CSV says how many there were but for TensorFlow.
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
UNDIVIDED = "TF_NUM_INTRAOP_THREADS"
"""On TensorFlow a training depends on the number of threads, which must not depend on `--jobs`. Two trainings of two
threads each on two cores took no longer than of one each."""
WAITING = {"OMP_WAIT_POLICY": "passive"}
"""Idle threads of OpenMP sleep at once: where they spin, two jobs of two threads take three times as long on two cores,
and where they sleep, no longer than two of one thread."""
TENSORFLOW = "TF_DETERMINISTIC_OPS"
REPEATABLE = {TENSORFLOW: "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""What TensorFlow and cuBLAS read when they are loaded."""
NO_ALGORITHM = re.compile(r"(\w+) does not have a deterministic implementation")
"""How PyTorch's warning of such an operation begins."""


def variables(settings: Mapping[str, Any], *, at_once: int | None = 1) -> dict[str, str]:
    """The environment variables of a job, by the settings of its method.

    The cores are divided between the jobs at once, but for TensorFlow; None: nobody knows how many there are, and each
    may use all cores.
    """
    share = max(1, cores() // (at_once or 1))
    threads = dict.fromkeys(THREAD_VARIABLES, str(share)) | {UNDIVIDED: str(cores())} | ({} if at_once else WAITING)
    compiled = {TENSORFLOW: "0"} if settings.get("jit_compile") else {}  # Keras would compile nothing otherwise
    return threads | REPEATABLE | compiled


def cores() -> int:
    """The cores that this process may use, which may be fewer than the machine has."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def prefer_repeatable() -> list[str]:
    """Have PyTorch, once a method imports it, take algorithms that repeat where it has any.

    The list fills with the names of the operations that had none.
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
    # Not `use_deterministic_algorithms`, which loads PyTorch's compiler.
    torch.set_deterministic_debug_mode("warn")
    torch.utils.deterministic.fill_uninitialized_memory = False  # would write every result twice


def remarks(unrepeatable: Collection[str]) -> list[str]:
    """What a reader must know of a job in this process whose numbers may not repeat to the last digit."""
    said = []
    if unrepeatable:
        names = ", ".join(sorted(set(unrepeatable)))
        said.append(f"PyTorch sums in no fixed order in {names}: a second run may differ in the last digits")
    if "tensorflow" in sys.modules and os.environ.get(TENSORFLOW, "").lower() in ("0", "false"):
        said.append(
            f"TensorFlow's deterministic operations were off ({TENSORFLOW}=0, as jit_compile needs it): a second run "
            "may differ in the last digits"
        )
    return said
