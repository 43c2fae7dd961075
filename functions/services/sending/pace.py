"""How fast emails are started: no faster than SES takes them, and slower while SES throttles."""

import time
from threading import Lock

MOST_DOUBLINGS = 4
"""The time between two emails of a queue message doubles at most so often: the rate falls to a sixteenth."""


class Pace:
    """The pace of one process: SES's rate limit does not start again with each queue message."""

    def __init__(self) -> None:
        self.start_lock = Lock()  # held while waiting, so that emails start one after the other
        self._next = 0.0

    def wait(self, rate: float, throttled: int) -> None:
        """Waits until the next email may start, at this rate (a second) and after so many throttled emails."""
        gap = 2 ** min(throttled, MOST_DOUBLINGS) / rate
        early = min(self._next - time.time(), gap)  # at most one gap, if the clock is set back
        if early > 0:
            time.sleep(early)
        self._next = max(time.time(), self._next) + gap
