"""The commands that make data, a file each, and what they share."""
