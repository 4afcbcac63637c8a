"""Seconds and use of a GPU by a whole job of DifferNet: 320 training and 160 test images of 1024x1024, 192 epochs.

    python -m tests.speed.differnet_gpu
    python -m tests.speed.differnet_gpu --set differnet.bank_views=64

The images are JPEG files, so decoding counts. Utilisation is what the driver says once a second: the share of time in
which a kernel ran.
"""

import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks import images, plugins
from methods import Epoch
from tests.speed.differnet_heading import heading
from tests.speed.memory import photographs

TRAIN, TEST = 320, 160


class Utilisation(threading.Thread):
    """Asks the driver once a second, until it is stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.percent: list[int] = []
        self.stopped = threading.Event()

    def run(self):
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not self.stopped.wait(1):
            told = subprocess.run(query, capture_output=True, text=True, check=True).stdout
            self.percent.append(int(told.splitlines()[0]))

    @property
    def mean(self) -> float:
        """Percent."""
        return sum(self.percent) / max(1, len(self.percent))


def main(set_: Annotated[list[str] | None, typer.Option("--set", metavar="differnet.FIELD=VALUE")] = None) -> None:
    """Print the seconds of fit and scores, the peak memory of the GPU, and how busy it was."""
    if not torch.cuda.is_available():
        raise typer.BadParameter("no CUDA device is here")
    method = plugins.choose("differnet", plugins.parse_assignments(set_ or [], ["differnet"])["differnet"]).method
    watch = Utilisation()
    with tempfile.TemporaryDirectory() as folder:
        samples = photographs(Path(folder), TRAIN + TEST)
        watch.start()
        begun = time.perf_counter()
        for event in method.fit(images.Images(samples[:TRAIN]), seed=0, device="cuda"):
            if isinstance(event, Epoch) and event.number == 1:
                print(f"first meta epoch after {time.perf_counter() - begun:.1f} s", flush=True)
        fitted = time.perf_counter()
        list(method.image_scores(images.Images(samples[TRAIN:])))
        scored = time.perf_counter()
        watch.stopped.set()
        watch.join()
    print(heading())
    print(f"- {torch.cuda.get_device_name()}: fit {fitted - begun:.1f} s, scores {scored - fitted:.1f} s")
    print(f"- busy {watch.mean:.0f} % of the time, peak memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")


if __name__ == "__main__":
    typer.run(main)
