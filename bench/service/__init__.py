"""`make bench-api`: how fast the HTTP service is, as ratios measured in one run."""
