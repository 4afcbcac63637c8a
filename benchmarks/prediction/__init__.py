"""Verdicts of a finished job on new images, and the files that show them."""
