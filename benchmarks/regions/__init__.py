"""Regions that do not count: which mask says so of an image, what methods see there instead, and what is said of it."""
