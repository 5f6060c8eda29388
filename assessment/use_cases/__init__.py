"""What can be done with a verification: one function each, keyword arguments only, the ports handed in."""
