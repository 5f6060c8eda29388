"""Measurements: of the service, and of the models that write for it."""
