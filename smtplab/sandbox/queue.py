"""The queue: what waits at which host, until when, and what is tried again (RFC 5321, 4.5.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from smtplab.mail_object import MailObject
from smtplab.sandbox.mta import timing
from smtplab.sandbox.store.memory import MemoryStore
from smtplab.sandbox.trail import Place

# RFC 5321, 4.5.4.1: at least 30 minutes between tries, giving up after 4 to 5 days.
RETRY_AFTER = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4))
GIVE_UP_AFTER = timedelta(days=5)


@dataclass(eq=False)
class QueueItem:
    """One mail object on its way, and the forward-paths that are still waiting."""

    host: str  # the one that has to send it on
    id: str
    mail: MailObject
    since: datetime
    waiting: list[str]
    next_attempt: datetime
    number: int = 0  # the order in which items came
    attempts: int = 0
    last_reply: str = ""
    children: int = 0  # ids that were made of its own
    delay_told: set[str] = field(default_factory=set)  # forward-paths whose delay was reported

    @property
    def priority(self) -> int:
        return timing.priority(self.mail.envelope.parameters)

    @property
    def deliver_by(self) -> timing.DeliverBy | None:
        return timing.deliver_by(self.mail.envelope.parameters, self.since)

    @property
    def gives_up_at(self) -> datetime:
        """The end of all attempts; the time that the sender held it back does not count."""
        return timing.release(self.mail.envelope.parameters, self.since) + GIVE_UP_AFTER

    @property
    def place(self) -> Place:
        return Place(self.host, self.id)

    def __repr__(self) -> str:
        return f"<QueueItem {self.id} for {', '.join(self.waiting)}, attempts: {self.attempts}>"


class Queue:
    """The mail objects that wait at all hosts, in the order of their priority and coming.

    Two heaps, so that a long queue costs no more an item than a short one: what is due later, by
    time, and what is due, by priority. An entry whose item has moved on is dropped when met.
    """

    def __init__(self, now: Callable[[], datetime], store: MemoryStore) -> None:
        self._now = now
        self._kept, self._numbers = store.queue, store.numbers
        self._items: dict[tuple[str, str], QueueItem] = {}
        self._named: Counter[tuple[str, str]] = Counter()
        self._later: list[tuple[datetime, int, QueueItem]] = []
        self._ready: list[tuple[int, int, int, QueueItem, datetime]] = []
        self._taken = 0
        self._tickets = count()  # so that two entries never compare their items
        for item in self._kept.items():
            self._items[item.host, item.id] = item
            self._taken = item.number
            self.schedule(item)
        self.on_put: Callable[[], None] = lambda: None

    @property
    def items(self) -> tuple[QueueItem, ...]:
        return tuple(self._items.values())

    def next_id(self, host: str, parent: str = "") -> str:
        """A new id at a host: "q1" for what came in, "q1.1" for what was made of "q1".

        So the ids of what users send do not depend on what the queue does meanwhile.
        """
        if not parent:
            return f"q{self._numbers.next(f'queue of {host}')}"
        item = self._items.get((host, parent))
        if item is not None:
            item.children += 1
            while (host, f"{parent}.{item.children}") in self._items:
                item.children += 1  # made before a kill, and not counted any more
            return f"{parent}.{item.children}"
        self._named[host, parent] += 1
        return f"{parent}.{self._named[host, parent]}"

    def put(self, host: str, item_id: str, mail: MailObject, paths: Sequence[str] = ()) -> str:
        """Take in what a host has to send on, to all its forward-paths or to some."""
        now = self._now()
        waiting = list(paths or mail.envelope.forward_paths)
        first = timing.release(mail.envelope.parameters, now)
        item = QueueItem(host, item_id, mail, now, waiting, first, self._taken + 1)
        self._kept.put(item)
        self._taken = item.number
        self._items[host, item_id] = item
        self.schedule(item)
        self.on_put()
        return item_id

    def schedule(self, item: QueueItem) -> None:
        """Let an item, new or changed, be due at its `next_attempt`."""
        heappush(self._later, (item.next_attempt, next(self._tickets), item))

    def due(self) -> QueueItem | None:
        """The first item whose time has come; it stays the first until it is done or deferred."""
        now = self._now()
        while self._later and self._later[0][0] <= now:
            time, _, item = heappop(self._later)
            if self._still(item, time):
                heappush(
                    self._ready, (-item.priority, item.number, next(self._tickets), item, time)
                )
        while self._ready:
            _, _, _, item, time = self._ready[0]
            if self._still(item, time):
                return item
            heappop(self._ready)
        return None

    def next_due(self) -> datetime | None:
        """When something is due next; None if nothing waits."""
        item = self.due()
        if item is not None:
            return item.next_attempt
        while self._later:
            time, _, item = self._later[0]
            if self._still(item, time):
                return time
            heappop(self._later)
        return None

    def _still(self, item: QueueItem, time: datetime) -> bool:
        """Whether an entry of a heap says what is so now."""
        return item.next_attempt == time and self._items.get((item.host, item.id)) is item

    def done(self, item: QueueItem) -> None:
        del self._items[item.host, item.id]
        self._kept.done(item)

    def next_attempt(self, item: QueueItem) -> datetime | None:
        """When an item that fails now is tried again; None if it would be too late for that."""
        now = self._now()
        again = now + RETRY_AFTER[min(item.attempts, len(RETRY_AFTER) - 1)]
        asked = item.deliver_by
        if asked is not None and now < asked.deadline < again:
            again = asked.deadline  # something is to be said then (RFC 2852, 4.1.3)
        return again if again <= item.gives_up_at else None

    def defer(self, item: QueueItem, until: datetime) -> None:
        """Keep what became of an item in one more attempt, and when the next one is."""
        item.attempts += 1
        item.next_attempt = until
        self._kept.changed(item)
        self.schedule(item)
