"""`python -m cli`, for where the script `retake` is not on the path."""

from cli.main import main

main()
