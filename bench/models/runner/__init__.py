"""Has vendors write sets for example students, with the very code that serves students, and notes what comes of it."""
