"""The inbox without its window: mailbox, folder, list, and the mail object that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

from smtplab.sandbox import Sandbox
from smtplab.sandbox.header_section import Fields
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.widgets.inbox.decoding import value_as_text
from smtplab.widgets.inbox.hops import MAX_HOPS, Hop, hop
from smtplab.widgets.inbox.mime import Structure, structure

PAGE = 50  # mail objects of the list that are shown at first, and with each "older"
LOOKED_AT = 16_384  # octets of a header section that the list looks at


class Aspect(Enum):
    """What of a mail object is shown."""

    MESSAGE = "Message"
    ENVELOPE = "Envelope"
    WAY = "Way"
    CHECKS = "Checks"
    PARTS = "Parts"
    RAW = "Raw"


@dataclass(frozen=True)
class Entry:
    """One line of the list."""

    uid: int
    author: str
    subject: str
    date: datetime  # when it was laid here, on the world clock
    size: int


class Reading:
    """One mail object that is open: its content, read with bounds and only once."""

    def __init__(self, mail: StoredMail) -> None:
        self.mail = mail
        self.content = mail.content

    @cached_property
    def structure(self) -> Structure:
        return structure(self.content)

    def values(self, name: str) -> list[str]:
        """Every value of a header field, decoded, topmost first."""
        return [
            value_as_text(value)
            for key, value in self.structure.whole.fields
            if key.lower() == name.lower()
        ]

    def value(self, name: str) -> str:
        """The topmost value of a header field; "" if there is none."""
        return next(iter(self.values(name)), "")

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The way it came, oldest first."""
        return tuple(hop(value) for value in self.values("Received")[:MAX_HOPS])[::-1]


class InboxModel:
    """Which mailbox, which folder, which mail object; what lies there as of the last look."""

    reading: Reading | None  # what is open
    _shown: int  # entries of the list, at most

    def __init__(self, sandbox: Sandbox, mailbox: str) -> None:
        self.sandbox = sandbox
        self.aspect = Aspect.MESSAGE
        self.marks_line_ends = False
        self.choose_mailbox(mailbox)

    # The steps.

    def choose_mailbox(self, name: str) -> None:
        """Open the Inbox of a mailbox; `KeyError` lists the names there are."""
        self.sandbox.mailbox(name)
        self.mailbox, self.folder = name, "Inbox"
        self._look_afresh()

    def choose_folder(self, name: str) -> None:
        """Open a folder; `KeyError` lists those of this mailbox."""
        self.sandbox.mailbox(self.mailbox).folder(name)
        self.folder = name
        self._look_afresh()

    def refresh(self) -> None:
        """Look again; what is open stays open while it lies there."""
        box = self.sandbox.mailbox(self.mailbox)
        self.counts = {folder: len(box.folder(folder)) for folder in box}
        self._mails = box.folder(self.folder)
        if self.reading is None or not any(m.uid == self.uid for m in self._mails):
            self.open(self._mails[-1].uid if self._mails else None)

    def open(self, uid: int | None) -> Reading | None:
        """Open a mail object by its number in the folder; None closes. `KeyError` names them."""
        if uid is None:
            self.reading = None
            return None
        for mail in self._mails:
            if mail.uid == uid:
                self.reading = Reading(mail)
                return self.reading
        raise KeyError(
            f"nothing has the number {uid} here; there are {[m.uid for m in self._mails]}"
        )

    def step(self, older: int) -> None:
        """Open the one that stands so many places further down the list, if there is one."""
        uids = [mail.uid for mail in self._mails[::-1]]
        if self.uid in uids:
            place = uids.index(self.uid) + older
            self.open(uids[min(max(place, 0), len(uids) - 1)])
            self._shown = max(self._shown, place + 1)

    def show_older(self) -> None:
        self._shown += PAGE

    def _look_afresh(self) -> None:
        self._shown = PAGE
        self._entries: dict[int, Entry] = {}
        self.reading = None
        self.refresh()

    # What there is to show.

    @property
    def uid(self) -> int | None:
        """The number of what is open."""
        return self.reading.mail.uid if self.reading is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """The mailboxes there are."""
        return tuple(box.name for box in self.sandbox.mailboxes)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The list, newest first, as far as it is shown."""
        newest = self._mails[::-1][: self._shown]
        return tuple(self._entries.setdefault(mail.uid, _entry(mail)) for mail in newest)

    @property
    def older(self) -> int:
        """How many older ones the list leaves out."""
        return max(0, len(self._mails) - self._shown)


def _entry(mail: StoredMail) -> Entry:
    fields = Fields(mail.front[:LOOKED_AT] + mail.accepted[:LOOKED_AT] + b"\r\n")
    author, subject = (
        value_as_text(fields.get(name).encode("utf-8", "replace")) for name in ("From", "Subject")
    )
    size = len(mail.front) + len(mail.accepted)
    return Entry(mail.uid, author, subject, mail.internal_date, size)
