"""What a user of a service has sent lately, on the world clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)

# The limits on messages by time, and the time that each looks back.
PERIODS = {
    "messages_a_minute": timedelta(minutes=1),
    "messages_an_hour": timedelta(hours=1),
    "messages_a_day": DAY,
}


@dataclass
class Usage:
    """The messages of one user in the last 24 hours: when, and to how many recipients."""

    now: Callable[[], datetime]
    sent: deque[tuple[datetime, int]] = field(default_factory=deque)

    def count(self, recipients: int) -> None:
        self._forget()
        self.sent.append((self.now(), recipients))

    def recipients_a_day(self) -> int:
        self._forget()
        return sum(recipients for _, recipients in self.sent)

    def spent(self, limits: Mapping[str, int]) -> str | None:
        """The name of the limit that one more message would break; None if it breaks none."""
        self._forget()
        for name, period in PERIODS.items():
            since = self.now() - period
            recent = sum(when > since for when, _ in self.sent)
            if name in limits and recent >= limits[name]:
                return name
        return None

    def _forget(self) -> None:
        since = self.now() - DAY
        while self.sent and self.sent[0][0] <= since:
            self.sent.popleft()
