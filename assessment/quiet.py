"""Writing that nobody waits for yet."""

from collections.abc import Callable

from assessment.deadline import Deadline

KEEP_DAYS = 14


class Quiet:
    """Says whether a set is still written ahead; when somebody waits for it, its deadline becomes theirs.

    A set that nobody asks for is kept for `keep_days`. `cost` adds up what its calls cost, in US dollars, as
    far as prices are known.
    """

    def __init__(self, deadline: Deadline, *, keep_days: int = KEEP_DAYS) -> None:
        self.keep_days = keep_days
        self.cost = 0.0
        self.is_over = False
        self._deadline = deadline
        self._wakers: set[Callable[[], None]] = set()

    def end(self, seconds: float) -> None:
        """Somebody waits from now on, for at most `seconds`. To be called where the set is written."""
        if self.is_over:
            return
        self.is_over = True
        self._deadline.end_in(seconds)
        for wake in tuple(self._wakers):
            wake()

    def on_end(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called when it ends; gives what takes that back."""
        self._wakers.add(wake)
        return lambda: self._wakers.discard(wake)
