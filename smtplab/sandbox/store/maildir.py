"""One folder of a mailbox as a Maildir, with numbers and envelopes beside it.

A Maildir is `tmp`, `new` and `cur`; a folder in it is a Maildir whose name begins with a dot
(Maildir++). Mail programs that read Maildirs find mail in `new`, and ignore the folder `smtplab`
beside it, which holds a JSON file for each mail object, by number (UID), and `last_uid.json`.

Python's `mailbox.Maildir` reads what is here, and the tests do. It does not write here: its `add`
asks for this machine's name, and changes line ends on some systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path

from smtplab.mail_object import Envelope
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.store import disk
from smtplab.sandbox.store.memory import Shelf
from smtplab.sandbox.store.notes import Notes
from smtplab.sandbox.store.records import MailRecord, from_json, to_json

OURS = ".smtplab"  # how the names of the files end that we lay down
# What stands between a name and its flags: ":" (cr.yp.to/proto/maildir.html), and what programs
# put there where a file name may hold none (`mailbox.Maildir.colon`).
_FLAGS = re.compile(r"[:;!].*", re.DOTALL)


@dataclass(frozen=True)
class LastUID:
    """The last number that was given in a folder before a mail object was removed."""

    last_uid: int


class Maildir(Shelf):
    """A folder on the disk; `path` is the Maildir, `mailbox` whose it is."""

    def __init__(self, path: Path, mailbox: str, notes: Notes) -> None:
        self._path, self._mailbox, self._notes = path, mailbox, notes
        self._records = path / "smtplab"
        self._files: dict[int, str] = {}  # number -> name without flags
        self._made = False

    # From the disk.

    def mails(self) -> tuple[list[StoredMail], int]:
        try:
            return self._read() if self._path.is_dir() else ([], 0)
        except OSError as error:
            raise disk.failed(f"the mailbox {self._mailbox} cannot be read", error) from None

    def _read(self) -> tuple[list[StoredMail], int]:
        self._set_half_written_aside()
        records, last_uid = self._read_records()
        by_file = {record.file: record for record in records}
        mails = []
        for path in sorted(self._present(), key=lambda path: path.name):
            name = _FLAGS.sub("", path.name)
            content = self._content(path)
            if content is None:
                continue
            record = by_file.pop(name, None)
            if record is None:
                last_uid += 1
                record = self._adopt(path, content, last_uid)
            if record.octets != len(content) and b"\r\n" not in content:
                # Another program wrote it, with the line ends of its system.
                content = content.replace(b"\n", b"\r\n")
            self._files[record.uid] = name
            uid, date = record.uid, record.internal_date
            mails.append(StoredMail(record.envelope, content, uid=uid, internal_date=date))
        return sorted(mails, key=lambda mail: mail.uid), last_uid

    def _present(self) -> Iterator[Path]:
        for part in ("new", "cur"):
            folder = self._path / part
            if folder.is_dir():
                yield from (p for p in folder.iterdir() if not p.name.startswith("."))

    def _set_half_written_aside(self) -> None:
        folder = self._path / "tmp"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.endswith(OURS):  # other programs' files are theirs
                self._notes.set_aside(path, "was half written when a sandbox ended, before any 250")

    def _read_records(self) -> tuple[list[MailRecord], int]:
        last_uid = 0
        records = []
        for path in sorted(self._records.iterdir()) if self._records.is_dir() else ():
            number = re.fullmatch(r"([0-9]{1,12})\.json", path.name)
            try:
                if number:
                    last_uid = max(last_uid, int(number[1]))
                    record = from_json(MailRecord, path.read_bytes())
                    if record.uid != int(number[1]):
                        raise ValueError("it is another mail's record")
                    records.append(record)
                elif path.name == "last_uid.json":
                    last_uid = max(last_uid, from_json(LastUID, path.read_bytes()).last_uid)
            except OSError as error:
                self._notes.add(f"the record {path.name} of {self._mailbox} is unreadable", error)
            except (ValueError, TypeError):
                # Its number is kept, so that no other mail object gets it.
                disk.write(self._records / "last_uid.json", to_json(LastUID(last_uid)))
                self._notes.set_aside(path, f"is no record of mail of {self._mailbox}")
        return records, last_uid

    def _content(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except OSError as error:
            self._notes.add(f"a file of {self._mailbox} is left unread: {path.name!a}", error)
            return None

    def _adopt(self, path: Path, content: bytes, uid: int) -> MailRecord:
        """Mail that another program laid here: it has a number from now on."""
        envelope = Envelope(_return_path_of(content), (self._mailbox,))
        date = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        record = MailRecord(_FLAGS.sub("", path.name), uid, date, envelope)
        disk.make_folders(self._records)
        disk.write(self._record_path(uid), to_json(record))
        return record

    # To the disk.

    def add(self, mail: StoredMail) -> None:
        self._notes.check_open()
        seconds = int(mail.internal_date.timestamp())
        name = f"{seconds}.U{mail.uid:09}{OURS}"
        octets = len(mail.content)
        record = MailRecord(name, mail.uid, mail.internal_date, mail.envelope, octets)
        try:
            self._make()
            beside = self._path / "tmp" / name
            record_path = self._record_path(mail.uid)
            record_beside = record_path.with_suffix(disk.TEMPORARY)
            disk.write_beside(beside, mail.content, seconds)
            disk.write_beside(record_beside, to_json(record))
            # The second move delivers it; a record without its mail stands for nothing.
            disk.move((record_beside, record_path), (beside, self._path / "new" / name))
        except OSError as error:
            problem = f"mail for {self._mailbox} could not be written"
            raise disk.failed(problem, error) from None
        self._files[mail.uid] = name

    def remove(self, uids: Set[int], last_uid: int) -> None:
        self._notes.check_open()
        gone = sorted(uid for uid in uids if uid in self._files)
        try:
            files = {_FLAGS.sub("", path.name): path for path in self._present()}
            for uid in gone:
                if uid == last_uid:  # the others leave no doubt, so a full disk can be cleared
                    disk.write(self._records / "last_uid.json", to_json(LastUID(last_uid)))
                if path := files.get(self._files[uid]):
                    path.unlink()
                self._record_path(uid).unlink(missing_ok=True)
                del self._files[uid]
        except OSError as error:
            problem = f"mail of {self._mailbox} could not be removed"
            raise disk.failed(problem, error) from None

    def _make(self) -> None:
        if not self._made:
            parts = ("tmp", "new", "cur", "smtplab")
            disk.make_folders(*(self._path / part for part in parts))
            if self._path.name.startswith("."):
                (self._path / "maildirfolder").touch()  # Maildir++: this one is not a mailbox
            self._made = True

    def _record_path(self, uid: int) -> Path:
        return self._records / f"{uid:09}.json"


def _return_path_of(content: bytes) -> str:
    """The reverse-path that final delivery wrote (RFC 5321, 4.4), or the null one."""
    return parseaddr(str(message_from_bytes(content).get("Return-Path", "")))[1]
