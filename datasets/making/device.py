"""The device that a model of PyTorch runs on."""


def found(asked: str) -> str:
    """`auto` is a GPU if there is one, else the CPU; anything else is itself. Loads PyTorch for `auto` alone."""
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
