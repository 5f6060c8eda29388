"""What came of a submission, what may be called next, and what the archive says of items."""
