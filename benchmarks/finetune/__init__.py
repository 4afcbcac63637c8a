"""From the anomaly maps of a finished job to an operating point: the minimum defect area and the threshold."""
