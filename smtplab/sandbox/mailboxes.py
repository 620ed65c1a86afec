"""Mailboxes with folders: where a mail object ends up (the MDA's part, RFC 5598, 4.3.3)."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from smtplab.mail_files import read_files, write_files
from smtplab.mail_object import Envelope
from smtplab.mbox import FiledMail
from smtplab.sandbox.clock import START
from smtplab.sandbox.store.memory import Shelf

if TYPE_CHECKING:
    from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict


# Octets of a content in which a Subject is looked for. Python's reader takes the square of the
# length of a header field, and a mail from a stranger may consist of one.
LOOKED_AT = 65_536


@dataclass(frozen=True)
class Terms:
    """On what terms a mailbox takes mail. Left alone: it takes all, at once.

    `quota` is in octets, of all its folders together. `delay` is in seconds on the wire clock,
    before the reply to RCPT. `moved_to` is where its owner has gone: mail is sent on there
    (`forwards`), or else the sender is told; with `has_left` nobody says where.
    """

    quota: int | None = None
    greylisted: bool = False
    moved_to: str = ""
    forwards: bool = False
    has_left: bool = False
    disabled: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class StoredMail:
    """One mail object in a folder: its envelope, what was accepted, and trace fields in front.

    The folder gives it a number that is never used again (RFC 3501, 2.3.1.1) and notes when.
    """

    envelope: Envelope
    accepted: bytes  # the content as it came; mailboxes share it, because it may be large
    front: bytes = b""  # header fields that this host put before it
    uid: int = field(default=0, compare=False)
    internal_date: datetime = field(default=START, compare=False)  # RFC 3501, 2.3.3
    verdict: DeliveryVerdict | None = field(default=None, compare=False)
    """Why it lies where it lies; None where nobody asked, as for mail within one host."""

    @property
    def content(self) -> bytes:
        """What a reader of the mailbox gets."""
        return self.front + self.accepted

    def laid_down(self, uid: int, internal_date: datetime) -> StoredMail:
        """The same in a folder."""
        return StoredMail(
            self.envelope, self.accepted, self.front, uid, internal_date, self.verdict
        )

    def explanation(self) -> str:
        """The verdict in words; "" where nobody asked."""
        return "" if self.verdict is None else str(self.verdict)

    def content_base64(self) -> str:
        return b64encode(self.content).decode()

    @property
    def message(self) -> EmailMessage:
        """The content as Python's own message class reads it."""
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def subject(self) -> str:
        """The header field Subject, if it stands where `LOOKED_AT` reaches; "" if there is none."""
        reader = BytesHeaderParser(policy=policy.default)
        return str(reader.parsebytes(self.content[:LOOKED_AT]).get("Subject", ""))

    def to_eml(self) -> bytes:
        """The octets of an .eml file: the content, its trace fields in front."""
        return self.content

    def __str__(self) -> str:
        return self.content.decode("utf-8", "backslashreplace").replace("\r\n", "\n")

    def __repr__(self) -> str:
        return f"<StoredMail from <{self.envelope.reverse_path}>: {self.subject}>"


class Mailbox:
    """The folders of one mailbox."""

    def __init__(
        self,
        name: str,
        now: Callable[[], datetime] = lambda: START,
        shelf: Callable[[str], Shelf] = lambda folder: Shelf(),
    ) -> None:
        self.name = name
        self.terms = Terms()
        self.reader: object | None = None  # the POP3 session that has it open (RFC 1939, 4)
        self._now = now
        self._folders: dict[str, list[StoredMail]] = {"Inbox": [], "Junk": []}
        self._last_uids: Counter[str] = Counter()
        self._shelves = {folder: shelf(folder) for folder in self._folders}
        self._changing = RLock()  # the servers deliver while `load` reads files
        for folder, kept in self._shelves.items():
            self._folders[folder], self._last_uids[folder] = kept.mails()

    def store(
        self, folder: str, mail: StoredMail, internal_date: datetime | None = None
    ) -> StoredMail:
        """Lay a mail object into a folder; it is kept on the disk, if there is one, or raises."""
        with self._changing:
            uid = self.next_uid(folder)
            mail = mail.laid_down(uid, internal_date or self._now())
            self._shelves[folder].add(mail)
            self._folders[folder].append(mail)
            self._last_uids[folder] = uid
            return mail

    def remove(self, folder: str, uids: Set[int]) -> None:
        """Take mail objects out of a folder, by number."""
        with self._changing:
            self._shelves[folder].remove(uids, self._last_uids[folder])
            self._folders[folder][:] = [m for m in self._folders[folder] if m.uid not in uids]

    def save(self, path: str | Path, folder: str = "Inbox") -> None:
        """Write a folder for other programs: an mbox if `path` ends in .mbox, else .eml files.

        `path` is then a folder. Nothing is overwritten: `FileExistsError` names what is there.
        """
        mails = self.folder(folder)
        filed = (FiledMail(m.envelope.reverse_path, m.internal_date, m.to_eml()) for m in mails)
        write_files(path, filed)

    def load(self, path: str | Path, folder: str = "Inbox") -> int:
        """Lay what an .eml file, an mbox or a folder of .eml files holds into a folder.

        Returns how many there were. The reverse-path is the one of Return-Path or of the From
        line, whose date counts too; the forward-path is this mailbox.
        """
        filed = list(read_files(path))
        self.folder(folder)
        for mail in filed:
            envelope = Envelope(mail.reverse_path, (self.name,))
            self.store(folder, StoredMail(envelope, mail.content), mail.date)
        return len(filed)

    @property
    def size(self) -> int:
        """Octets in all folders: what counts against the quota."""
        stored = (mail for mails in self._folders.values() for mail in mails)
        return sum(len(mail.front) + len(mail.accepted) for mail in stored)

    def has_room_for(self, octets: int) -> bool:
        """Whether so many octets more stay within the quota."""
        quota = self.terms.quota
        return quota is None or self.size + octets <= quota

    def next_uid(self, folder: str) -> int:
        """The number that the next mail object in a folder gets."""
        return self._last_uids[folder] + 1

    def folder(self, name: str = "Inbox") -> tuple[StoredMail, ...]:
        """What lies in a folder, oldest first; `KeyError` names the folders there are."""
        if name not in self._folders:
            raise KeyError(f"{self.name} has no folder {name!r}; it has {list(self._folders)}")
        return tuple(self._folders[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(mails)}" for name, mails in self._folders.items())
        return f"<Mailbox {self.name}: {counts}>"
