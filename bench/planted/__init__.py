"""Vendors with planted, known rates: what the model benchmark has to find again."""
