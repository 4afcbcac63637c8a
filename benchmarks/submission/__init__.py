"""A submission to a benchmark server: anomaly maps of the images whose label was not published."""
