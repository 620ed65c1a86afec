"""The queue of an MTA: what waits, until when, and what is tried again (RFC 5321, 4.5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from smtplab.mail_object import MailObject
from smtplab.sandbox.store.memory import MemoryStore

# RFC 5321, 4.5.4.1: at least 30 minutes between tries, giving up after 4 to 5 days.
RETRY_AFTER = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4))
GIVE_UP_AFTER = timedelta(days=5)


@dataclass
class QueueItem:
    """One mail object on its way, and the forward-paths that are still waiting."""

    id: str
    mail: MailObject
    since: datetime
    waiting: list[str]
    next_attempt: datetime
    attempts: int = 0
    last_reply: str = ""

    def __repr__(self) -> str:
        return f"<QueueItem {self.id} for {', '.join(self.waiting)}, attempts: {self.attempts}>"


class Queue:
    """Mail objects in the order in which they came."""

    def __init__(self, now: Callable[[], datetime], store: MemoryStore) -> None:
        self._now = now
        self._kept, self._numbers = store.queue, store.numbers
        self._items = {item.id: item for item in self._kept.items()}
        self.on_put: Callable[[], None] = lambda: None

    @property
    def items(self) -> tuple[QueueItem, ...]:
        return tuple(self._items.values())

    def put(self, make: Callable[[str], MailObject]) -> str:
        """Take a mail object in; `make` gets the queue id, for its Received header field."""
        item_id = f"q{self._numbers.next('queue')}"
        mail, now = make(item_id), self._now()
        item = QueueItem(item_id, mail, now, list(mail.envelope.forward_paths), next_attempt=now)
        self._kept.put(item)
        self._items[item_id] = item
        self.on_put()
        return item_id

    def due(self) -> QueueItem | None:
        """The first item whose time has come."""
        now = self._now()
        return next((item for item in self._items.values() if item.next_attempt <= now), None)

    def next_due(self) -> datetime | None:
        return min((item.next_attempt for item in self._items.values()), default=None)

    def done(self, item: QueueItem) -> None:
        del self._items[item.id]
        self._kept.done(item)

    def defer(self, item: QueueItem) -> bool:
        """Set the time of the next attempt; False if it would be too late for one."""
        item.attempts += 1
        wait = RETRY_AFTER[min(item.attempts, len(RETRY_AFTER)) - 1]
        item.next_attempt = self._now() + wait
        self._kept.changed(item)
        return item.next_attempt - item.since <= GIVE_UP_AFTER
