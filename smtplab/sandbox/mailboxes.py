"""Mailboxes with folders: where a mail object ends up (the MDA's part, RFC 5598, 4.3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from smtplab.mail_object import Envelope


@dataclass(frozen=True)
class StoredMail:
    """One mail object in a folder: its envelope, and its content with trace fields in front."""

    envelope: Envelope
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The content as Python's own message class reads it."""
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    def __str__(self) -> str:
        return self.content.decode("utf-8", "backslashreplace").replace("\r\n", "\n")

    def __repr__(self) -> str:
        return f"<StoredMail from <{self.envelope.reverse_path}>: {self.subject}>"


class Mailbox:
    """The folders of one mailbox."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folders: dict[str, list[StoredMail]] = {"Inbox": [], "Junk": []}

    def store(self, folder: str, mail: StoredMail) -> None:
        self._folders[folder].append(mail)

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
