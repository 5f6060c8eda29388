"""Model vendors, items and hostile texts that are made up: for tests and benchmarks, and never part of the service."""
