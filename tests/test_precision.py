"""In which precision `auto` computes, by the processor."""

import pytest
import torch

from methods._precision import supported

XEON, EPYC = "Intel Xeon", "AMD EPYC"


@pytest.mark.parametrize(
    ("processor", "precision"),
    [
        ({"avx512_bf16": True, "amx_bf16": True, "cpu_name": XEON}, "bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": XEON}, "float32"),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": EPYC}, "bfloat16"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"avx2": True, "cpu_name": EPYC}, "float32"),
        ({"bf16": True}, "bfloat16"),
        ({}, "float32"),
    ],
)
def test_auto_is_bfloat16_where_that_is_faster(processor, precision, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor, raising=False)
    assert supported("auto", "cpu") == precision
    assert supported("bfloat16", "cpu") == "bfloat16" and supported("float32", "cpu") == "float32"
