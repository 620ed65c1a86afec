"""Counting what somebody did within the last hour of the world clock."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
MOST_COUNTED = 10_000  # clients; the one that was quiet longest is forgotten first


class Rates:
    """Moments by name, of the last hour."""

    def __init__(self) -> None:
        self._moments: OrderedDict[str, deque[datetime]] = OrderedDict()

    def within_hour(self, who: str, now: datetime) -> int:
        """How often `who` was counted within the hour before `now`."""
        moments = self._moments.get(who)
        if moments is None:
            return 0
        while moments and moments[0] <= now - HOUR:
            moments.popleft()
        return len(moments)

    def free_again(self, who: str) -> datetime | None:
        """When the oldest moment that counts will count no more."""
        moments = self._moments.get(who)
        return moments[0] + HOUR if moments else None

    def count(self, who: str, now: datetime, most: int) -> None:
        """Count one more; moments beyond the last `most` are of no interest."""
        moments = self._moments.setdefault(who, deque())
        self._moments.move_to_end(who)
        moments.append(now)
        while len(moments) > most:
            moments.popleft()
        if len(self._moments) > MOST_COUNTED:
            self._moments.popitem(last=False)
