"""Keras and its backend, the engine: only this module treats TensorFlow and torch differently."""

import importlib.util
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from methods import MethodError, first_sentence

ENGINES = ("tensorflow", "torch")
CALM = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
"""Environment that TensorFlow reads on import: it prints no information, and several jobs can share a GPU."""
NOISE = re.compile(rb"[IW]\d{4} |WARNING: All log messages|.*cuInit: UNKNOWN ERROR \(303\)")
"""Start of the lines that TensorFlow prints whatever its settings are. Error 303: there is no CUDA driver."""


def start() -> str:
    """Import Keras and return its engine: `KERAS_BACKEND`, else TensorFlow, else torch.

    Raises MethodError if none of them is installed. Call it before importing a module that imports Keras at its top.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = chosen(os.environ.get("KERAS_BACKEND"))
        for name, value in CALM.items():
            os.environ.setdefault(name, value)
    with quiet():
        import keras
    {"tensorflow": _prepare_tensorflow, "torch": _prepare_torch}[keras.backend.backend()]()
    return keras.backend.backend()


def description(precision: str) -> str:
    """The engine and its precision for the report, with the reason if it is not the default engine."""
    import keras

    engine = f"{keras.backend.backend()} in {precision}"
    return engine if importlib.util.find_spec(ENGINES[0]) else f"{engine}, as TensorFlow is not installed"


def chosen(wanted: str | None) -> str:
    """The engine to use when `KERAS_BACKEND` is `wanted`. Raises MethodError if it cannot be used."""
    candidates = (wanted,) if wanted else ENGINES
    for name in candidates:
        if name in ENGINES and importlib.util.find_spec(name):
            return name
    found = f"KERAS_BACKEND is {wanted}, which cannot be used here" if wanted else "neither is installed"
    raise MethodError(f"cae runs on Keras with tensorflow or torch, but {found}: install or name one of the two")


def find_device(wanted: str) -> str:
    """`cpu` or `cuda:N` for auto, cpu, cuda or cuda:N. For `cpu` no engine is started."""
    if wanted == "cpu":
        return "cpu"
    if wanted != "auto" and not re.fullmatch(r"cuda(:\d+)?", wanted):
        raise MethodError(f"device {wanted!r}: expected auto, cpu, cuda or cuda:N")
    engine, count = start(), _gpu_count()
    number = int(wanted.partition(":")[2] or 0)
    if number < count:
        return f"cuda:{number}"
    if wanted == "auto":
        return "cpu"
    raise MethodError(
        f"device {wanted}: {engine} sees {count} GPUs; choose the device cpu, or an engine with CUDA "
        "(pip install tensorflow[and-cuda], or set KERAS_BACKEND=torch)"
    )


def on(device: str) -> Any:
    """A context manager inside which Keras computes on that device."""
    import keras

    return keras.device(device.replace("cuda", "gpu"))


def load(path: Path) -> Any:
    """Load a saved network. Raises MethodError unless it consists of Keras's own layers alone."""
    from keras.saving import load_model

    if not zipfile.is_zipfile(path):
        raise MethodError(f"{path} cannot be read as a model of Keras: it is missing or damaged")
    try:
        return load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # for unexpected content Keras raises errors of many types
        raise MethodError(f"{path} is refused as a model of Keras: {first_sentence(error)}") from None


def within(device: str, steps: Generator) -> Iterator[Any]:
    """Yield the items of a generator, each computed on that device; the device's scope is left before each yield."""
    end = object()
    try:
        while True:
            with on(device):
                item = next(steps, end)
            if item is end:
                return
            yield item
    finally:
        steps.close()


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back standard error, that of C++ too; at the end write all of it but the lines of NOISE."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not NOISE.match(line)))


def _gpu_count() -> int:
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.device_count()
    import tensorflow as tf

    with quiet():
        return len(tf.config.list_physical_devices("GPU"))


def _prepare_torch() -> None:
    """Compute convolutions in full float32."""
    import torch

    torch.backends.cudnn.allow_tf32 = False


def _prepare_tensorflow() -> None:
    """Compute in full float32, and start without messages.

    By default, engines multiply with 10 bits on a GPU. That is too coarse for SSIM, which subtracts squares of nearly
    equal size. TensorFlow's remapper fails on the gradient of a convolution with LeakyReLU and logs an error, so it is
    switched off.
    """
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.config.optimizer.set_experimental_options({"remapping": False})
    with quiet():
        tf.config.list_logical_devices()
