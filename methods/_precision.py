"""The precision of matrix products; bfloat16 is native where a device has instructions that multiply it."""

from typing import Literal

Precision = Literal["float32", "bfloat16"]
AutoPrecision = Literal["auto", Precision]

NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""torch's names of the processor instructions that multiply bfloat16, on x86 and ARM."""


def supported(wanted: AutoPrecision, device: str) -> Precision:
    """The precision that `auto` means on a device: bfloat16 where matrix products of it are native."""
    import torch

    if wanted != "auto":
        return wanted
    if device.startswith("cuda"):
        with torch.cuda.device(device):
            return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    processor = getattr(torch.cpu, "get_capabilities", dict)()  # not in every torch that serves: float32 there
    return "bfloat16" if any(processor.get(name) for name in NATIVE_BFLOAT16) else "float32"
