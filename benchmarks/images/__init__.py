"""Turn samples into pixels: all decoding, and all resizing except that of images to a method's input size."""

from benchmarks.images.decoding import decode, image_size, read_image
from benchmarks.images.examination import Examination, examine, of_even_pages, shapes_of, verify
from benchmarks.images.files import ImageError
from benchmarks.images.lazy import Images
from benchmarks.images.masks import Mask, read_mask
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.regions import counted, fitted_ignored, ignored_in, read_fitted, read_ignored
from benchmarks.images.resizing import ResizedMaps, resize_image, resize_map

__all__ = [
    "AS_STORED",
    "Examination",
    "ImageError",
    "Images",
    "Mask",
    "Reading",
    "ResizedMaps",
    "counted",
    "decode",
    "examine",
    "fitted_ignored",
    "ignored_in",
    "image_size",
    "of_even_pages",
    "read_fitted",
    "read_ignored",
    "read_image",
    "read_mask",
    "resize_image",
    "resize_map",
    "shapes_of",
    "verify",
]
