"""One item: its text and language, the rules it has to keep, and whether it was asked before."""
