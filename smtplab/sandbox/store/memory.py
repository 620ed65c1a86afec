"""The store that keeps nothing beyond the process, and the seams that a folder fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from datetime import datetime
from typing import TYPE_CHECKING

from smtplab.errors import SMTPLabError
from smtplab.sandbox.clock import START

if TYPE_CHECKING:
    from smtplab.sandbox.mailboxes import StoredMail
    from smtplab.sandbox.queue import QueueItem


class StoreError(SMTPLabError):
    """A store cannot be opened, read or written; the sentence says which part of it."""


class Shelf:
    """Where one folder of one mailbox is kept. In memory: nowhere."""

    def mails(self) -> tuple[list[StoredMail], int]:
        """What was kept, oldest first, and the last number that was given in this folder."""
        return [], 0

    def add(self, mail: StoredMail) -> None:
        """Keep a mail object that has its number; `StoreError` if that failed."""

    def remove(self, uids: Set[int], last_uid: int) -> None:
        """Give up mail objects; no later one gets a number up to `last_uid`."""


class QueueKeeper:
    """Where the queue is kept. In memory: nowhere."""

    def items(self) -> Iterable[QueueItem]:
        """What was kept, in the order in which it came."""
        return ()

    def put(self, item: QueueItem) -> None:
        """Keep a new item; `StoreError` if that failed, and then it was not accepted."""

    def changed(self, item: QueueItem) -> None:
        """Keep what became of an item. If that fails, the last state that was kept stays."""

    def done(self, item: QueueItem) -> None:
        """Give up an item."""


class Numbers:
    """Queue ids and the like: numbers by the name of who gives them, none given twice."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def next(self, name: str) -> int:
        self._given[name] += 1
        return self._given[name]


class MemoryStore:
    """A world's store: this one forgets everything, the one in a folder fills in the parts."""

    def __init__(self) -> None:
        self.queue = QueueKeeper()
        self.numbers = Numbers()
        self.world_time = START
        self.errors: list[Exception] = []  # what could not be read or written

    def shelf(self, mailbox: str, folder: str) -> Shelf:
        return Shelf()

    def clock_moved(self, now: datetime) -> None:
        """The world clock shows another time."""

    def close(self) -> None:
        """Give the store back; what comes later is refused."""
