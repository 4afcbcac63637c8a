"""Choose an operating point, the minimum defect area and the threshold, for the anomaly maps of a finished job."""
