"""A program of ours that runs beside a benchmark, so that it does not share the core of what is measured."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def beside(module: str, *arguments: str) -> Iterator[str]:
    """Run a module until the end of the block; gives the first line it prints, which says that it is ready."""
    command = (sys.executable, "-m", module, *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
