"""Judge results: compute numbers from scores, anomaly maps and stored results."""
