"""Students' texts that give orders to the author of the questions, a vendor that obeys them, and what comes of it."""
