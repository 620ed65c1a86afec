"""The queue on the disk: one file an item, a line of JSON and then the content."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from smtplab.mail_object import MailObject
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.store import disk
from smtplab.sandbox.store.memory import QueueKeeper
from smtplab.sandbox.store.notes import Notes
from smtplab.sandbox.store.records import from_json, to_json

_NAME = re.compile(r"q([0-9]{1,12})\.mail")


@dataclass(frozen=True)
class _Head:
    """The first line of a file: the item without its content, and what proves the content."""

    item: QueueItem
    octets: int
    sha256: str


class QueueFiles(QueueKeeper):
    """Each item is one file, so that it is there as a whole or not at all."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self._path, self._notes = path, notes

    def items(self) -> Iterable[QueueItem]:
        found: dict[int, QueueItem] = {}
        for path in sorted(self._path.iterdir()):
            name = _NAME.fullmatch(path.name)
            if path.name.endswith(disk.TEMPORARY):
                self._notes.set_aside(path, "was half written when a sandbox ended")
                continue
            try:
                item = _read(path.read_bytes())
                if name is None or item.number != int(name[1]):
                    raise ValueError("it is not called as the queue calls it")
                found[int(name[1])] = item
            except OSError as error:
                self._notes.add(f"{path.name!a} in the queue is left unread", error)
            except (ValueError, TypeError):
                self._notes.set_aside(path, "is no item of the queue, or a damaged one")
        return [found[number] for number in sorted(found)]

    def put(self, item: QueueItem) -> None:
        self._notes.check_open()
        try:
            self._write(item)
        except OSError as error:
            problem = f"the queue item {item.id} could not be written"
            raise disk.failed(problem, error) from None

    def changed(self, item: QueueItem) -> None:
        try:
            self._write(item)
        except OSError as error:
            self._notes.add(f"the new state of the queue item {item.id} was not kept", error)

    def done(self, item: QueueItem) -> None:
        if not self._notes.is_open:
            return  # it stays, and is tried again
        try:
            (self._path / f"q{item.number}.mail").unlink(missing_ok=True)
        except OSError as error:
            self._notes.add(f"the queue item {item.id} is done and could not be removed", error)

    def _write(self, item: QueueItem) -> None:
        if self._notes.is_open:
            disk.write(self._path / f"q{item.number}.mail", _octets(item))


def _octets(item: QueueItem) -> bytes:
    content = item.mail.content
    bare = replace(item, mail=MailObject(item.mail.envelope, b""))
    return to_json(_Head(bare, len(content), sha256(content).hexdigest())) + content


def _read(octets: bytes) -> QueueItem:
    line, _, content = octets.partition(b"\n")
    head = from_json(_Head, line)
    if len(content) != head.octets or sha256(content).hexdigest() != head.sha256:
        raise ValueError("the content is not the one that was written")
    return replace(head.item, mail=MailObject(head.item.mail.envelope, content))
