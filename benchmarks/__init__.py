"""What is run, how it is judged, what is kept."""
