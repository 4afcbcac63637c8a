"""The images of samples as a sequence that decodes on access."""

from collections.abc import Sequence

from benchmarks.images.decoding import read_image
from benchmarks.images.reading import AS_STORED, Reading
from datasets import Sample


class Images(Sequence):
    """The images of samples, as `read_image` gives them. An access decodes an image; a slice decodes nothing."""

    def __init__(self, samples: Sequence[Sample], reading: Reading = AS_STORED):
        self.samples, self.reading = samples, reading

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Images(self.samples[index], self.reading)
        return read_image(self.samples[index].image, self.reading)

    def name(self, index: int) -> str:
        """The file of an image."""
        return str(self.samples[index].image)
