"""How fast emails are started: no faster than SES takes them, and slower while it says that it is too much."""

import time
from threading import Lock

MOST_DOUBLINGS = 4
"""Of the time between two emails, within one message: to a sixteenth of the rate."""


class Pace:
    """One for the life of a process, since SES's limit knows nothing of where one message ends and the next begins."""

    def __init__(self) -> None:
        self.line = Lock()
        """To be held while waiting: one starts after the other."""
        self._next = 0.0

    def wait(self, rate: float, throttled: int) -> None:
        """Waits for the next start at this rate (a second), after so many refusals for being too fast."""
        gap = 2 ** min(throttled, MOST_DOUBLINGS) / rate
        early = min(self._next - time.time(), gap)  # no longer, should the clock be put back
        if early > 0:
            time.sleep(early)
        self._next = max(time.time(), self._next) + gap
