"""`make bench-stats`: what `retake stats` takes over a large archive, in time, memory and disk."""
