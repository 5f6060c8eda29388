"""One set: its blueprint, the choice among candidates, the rules of whole sets, and the shuffle."""
