"""Tools that make data sets. No dataset: `make` runs them, and `run` reads what they wrote."""
