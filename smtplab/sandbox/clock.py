"""The world clock: it starts at a fixed date and moves only when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)  # a Monday morning


class WorldClock:
    """Stamps Date, Received and events; retries and bounces happen when it is turned."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self.moved: Callable[[datetime], None] = lambda now: None  # a store keeps the time
        # Set by the sandbox: when something is due next, and the doing of all that is due.
        self.next_due: Callable[[], datetime | None] = lambda: None
        self.run_due: Callable[[], None] = lambda: None
        self.watchers: list[Callable[[], None]] = []  # told each time when the time has changed

    def now(self) -> datetime:
        return self._now

    def advance(self, delta: timedelta) -> datetime:
        """Move on by `delta`, stopping on the way wherever something is due."""
        if not isinstance(delta, timedelta):
            raise TypeError(f"advance() wants a time, such as timedelta(minutes=5), not {delta!r}")
        if delta < timedelta(0):
            raise ValueError(f"the world clock does not go back; {delta} is negative")
        target = self._now + delta
        self.run_due()
        while (due := self.next_due()) is not None and due <= target:
            self._show(max(self._now, due))
            self.run_due()
        self._show(target)
        return target

    def _show(self, now: datetime) -> None:
        self._now = now
        self.moved(now)
        for watcher in self.watchers:
            watcher()

    def __repr__(self) -> str:
        return f"<WorldClock at {self._now:%Y-%m-%d %H:%M:%S} UTC>"
