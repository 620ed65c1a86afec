"""The queue of an MTA: what waits, until when, and what is tried again (RFC 5321, 4.5.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smtplab.mail_object import MailObject
from smtplab.sandbox.trail import Place

# RFC 5321, 4.5.4.1: at least 30 minutes between tries, giving up after 4 to 5 days.
RETRY_AFTER = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4))
GIVE_UP_AFTER = timedelta(days=5)


@dataclass
class QueueItem:
    """One mail object on its way, and the forward-paths that are still waiting."""

    host: str  # the one that has to send it on
    id: str
    mail: MailObject
    since: datetime
    waiting: list[str]
    next_attempt: datetime
    attempts: int = 0
    last_reply: str = ""

    @property
    def place(self) -> Place:
        return Place(self.host, self.id)

    def __repr__(self) -> str:
        return f"<QueueItem {self.id} for {', '.join(self.waiting)}, attempts: {self.attempts}>"


class Queue:
    """Mail objects in the order in which they came."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._items: dict[tuple[str, str], QueueItem] = {}
        self._taken: Counter[str] = Counter()
        self.on_put: Callable[[], None] = lambda: None

    @property
    def items(self) -> tuple[QueueItem, ...]:
        return tuple(self._items.values())

    def next_id(self, host: str, parent: str = "") -> str:
        """A new id at a host: "q1" for what came in, "q1.1" for what was made of "q1".

        So the ids of what users send do not depend on what the queue does meanwhile.
        """
        self._taken[f"{host} {parent}"] += 1
        number = self._taken[f"{host} {parent}"]
        return f"{parent}.{number}" if parent else f"q{number}"

    def put(self, host: str, item_id: str, mail: MailObject, paths: Sequence[str] = ()) -> str:
        """Take in what a host has to send on, to all its forward-paths or to some."""
        now = self._now()
        waiting = list(paths or mail.envelope.forward_paths)
        self._items[host, item_id] = QueueItem(host, item_id, mail, now, waiting, now)
        self.on_put()
        return item_id

    def due(self) -> QueueItem | None:
        """The first item whose time has come."""
        now = self._now()
        return next((item for item in self._items.values() if item.next_attempt <= now), None)

    def next_due(self) -> datetime | None:
        return min((item.next_attempt for item in self._items.values()), default=None)

    def done(self, item: QueueItem) -> None:
        del self._items[item.host, item.id]

    def defer(self, item: QueueItem) -> bool:
        """Set the time of the next attempt; False if it would be too late for one."""
        item.attempts += 1
        wait = RETRY_AFTER[min(item.attempts, len(RETRY_AFTER)) - 1]
        item.next_attempt = self._now() + wait
        return item.next_attempt - item.since <= GIVE_UP_AFTER
