"""Where an unforeseen error came from, for the log."""

import traceback


def place_of(error: BaseException) -> str:
    """Give file and line, of our own code where it passed through it.

    An unforeseen error is logged by its type and this: its message may quote an address or what a student wrote.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    if not frames:
        return "unknown"
    last = (ours or frames)[-1]
    return f"{last.filename}:{last.lineno}"
