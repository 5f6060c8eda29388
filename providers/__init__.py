"""Model vendors behind one protocol, and the question writer that makes sets out of their answers."""
