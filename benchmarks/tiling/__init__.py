"""Tiles: a method sees them as its images, and what it says of them becomes a judgement of the whole image."""
