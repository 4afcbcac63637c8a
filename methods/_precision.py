"""The precision of matrix products: bfloat16 where a device multiplies it faster than float32."""

from collections.abc import Mapping
from typing import Any, Literal

Precision = Literal["float32", "bfloat16"]
AutoPrecision = Literal["auto", Precision]

FAST_BFLOAT16 = ("amx_bf16", "bf16")
"""torch's names of the instructions for matrices of bfloat16, on x86 (AMX) and ARM."""


def supported(wanted: AutoPrecision, device: str) -> Precision:
    """The precision that `auto` means on a device: bfloat16 where that is faster."""
    import torch

    if wanted != "auto":
        return wanted
    if device.startswith("cuda"):
        with torch.cuda.device(device):
            return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    processor = getattr(torch.cpu, "get_capabilities", dict)()  # not in every torch that serves: float32 there
    return "bfloat16" if _is_fast(processor) else "float32"


def _is_fast(processor: Mapping[str, Any]) -> bool:
    """Known by the processor and not measured, so that the same machine computes the same each time.

    AVX-512 alone multiplies bfloat16 at four times the rate of float32 on AMD's processors, and at 0.6 of it on an
    Intel Xeon without AMX: docs/measurements/differnet-plain-cpu.md.
    """
    if any(processor.get(name) for name in FAST_BFLOAT16):
        return True
    return bool(processor.get("avx512_bf16")) and not str(processor.get("cpu_name", "")).startswith("Intel")
