"""Which model should write the questions: forms are written by the code that serves students, and scored as found."""
