"""The world clock of `smtplab serve`: it moves with real time, so that put-off mail is tried."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING

from smtplab.errors import SMTPLabError

if TYPE_CHECKING:
    from smtplab.sandbox.clock import WorldClock

TICK = 1.0  # seconds of real time between two moves
FASTEST = 86_400.0  # a day of the world in a second: five days of retries pass while one looks


class MovingClock:
    """Inside this block so many seconds of the world pass in each real one; 0: it stands still.

    `complain` is told, once each, of errors that a move brought up.
    """

    def __init__(self, clock: WorldClock, speed: float, complain: Callable[[str], None]) -> None:
        self._clock, self._speed, self._complain = clock, speed, complain
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="world clock", daemon=True)

    def __enter__(self) -> MovingClock:
        if self._speed:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """No more moves; one that is under way ends by itself, or with the sandbox."""
        self._ended.set()

    def _run(self) -> None:
        began, moved = time.monotonic(), 0.0
        while not self._ended.wait(TICK):
            passed = (time.monotonic() - began) * self._speed
            whole = float(int(passed - moved))  # header fields tell whole seconds
            moved += whole
            try:
                with suppress(CancelledError, SMTPLabError):  # the sandbox is being stopped
                    self._clock.advance(timedelta(seconds=whole))
            except Exception as error:  # a border: the next tick tries again
                self._complain(f"the world clock could not be moved: {error!r}")
