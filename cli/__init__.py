"""The command `retake`."""
