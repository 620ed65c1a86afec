"""A store in a folder: `mail`, `queue`, `damaged`, and one file with time and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import RLock

from smtplab.sandbox.clock import START
from smtplab.sandbox.store import disk
from smtplab.sandbox.store.lock import lock
from smtplab.sandbox.store.maildir import Maildir
from smtplab.sandbox.store.memory import MemoryStore, Numbers, Shelf, StoreError
from smtplab.sandbox.store.names import folder_name
from smtplab.sandbox.store.notes import Notes
from smtplab.sandbox.store.queue_files import QueueFiles
from smtplab.sandbox.store.records import from_json, to_json

STATE = "smtplab-store.json"  # also what tells a store from any other folder
LOCK = "lock"
_FOLDERS = {"Inbox": "", "Junk": ".Junk"}
# Numbers are put on record a hundred at a time, which spares a forced write for each message.
# After an unclean end the rest of the hundred is never given.
AT_A_TIME = 100


@dataclass(frozen=True)
class State:
    """What a world goes on from; `numbers` are the highest that may have been given."""

    world_time: datetime = START
    numbers: dict[str, int] = field(default_factory=dict)


class FolderStore(MemoryStore):
    """Keeps a world in a folder; `StoreError` says in one sentence why it cannot."""

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._path = Path(path).absolute()
        with _sentences(path):
            _check(self._path, str(path))
            disk.make_folders(self._path)
            self._lock = lock(self._path / LOCK, str(path))
        self._notes = Notes(self._path, self.errors)
        try:
            with _sentences(path):
                self._kept = _KeptState(self._path / STATE)
                disk.make_folders(self._path / "mail", self._path / "queue")
        except BaseException:
            self._lock.close()
            raise
        self.world_time = self._kept.state.world_time
        self.numbers = self._numbers = _KeptNumbers(self._kept)
        self.queue = QueueFiles(self._path / "queue", self._notes)

    def shelf(self, mailbox: str, folder: str) -> Shelf:
        """Inbox is the Maildir itself; another folder lies in it, behind a dot (Maildir++)."""
        return Maildir(
            self._path / "mail" / folder_name(mailbox) / _FOLDERS[folder], mailbox, self._notes
        )

    def clock_moved(self, now: datetime) -> None:
        if not self._notes.is_open:
            return
        try:
            self._kept.change(world_time=now)
        except OSError as error:
            self._notes.add("the world's time was not kept", error)

    def close(self) -> None:
        if not self._notes.is_open:
            return
        self._notes.is_open = False
        try:
            self._kept.change(numbers=self._numbers.given())
        except OSError as error:
            self._notes.add("the numbers given were not kept; some will be left out", error)
        self._lock.close()


class _KeptState:
    """The state, and its file; the clock and the servers may change it from two threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changing = RLock()
        if path.exists():
            try:
                self.state = from_json(State, path.read_bytes())
            except (ValueError, TypeError):
                raise StoreError(
                    f"{path.name} is damaged; it holds the world's time and the queue ids that "
                    "were given, so put a copy of it back, or choose another folder"
                ) from None
        else:
            self.state = State()
            self._write()

    def change(
        self, *, world_time: datetime | None = None, numbers: dict[str, int] | None = None
    ) -> None:
        with self._changing:
            self.state = replace(
                self.state,
                world_time=world_time or self.state.world_time,
                numbers=self.state.numbers | (numbers or {}),
            )
            self._write()

    def _write(self) -> None:
        disk.write(self._path, to_json(self.state))


class _KeptNumbers(Numbers):
    """Numbers of which none is given before a number at least as high is on the disk."""

    def __init__(self, kept: _KeptState) -> None:
        super().__init__()
        self._kept = kept
        self._given.update(kept.state.numbers)
        self._on_record = dict(kept.state.numbers)

    def next(self, name: str) -> int:
        if self._given[name] >= self._on_record.get(name, 0):
            high = self._given[name] + AT_A_TIME
            try:
                self._kept.change(numbers={name: high})
            except OSError as error:
                raise disk.failed("the numbers given could not be written", error) from None
            self._on_record[name] = high
        return super().next(name)

    def given(self) -> dict[str, int]:
        return dict(self._given)


def _check(path: Path, shown: str) -> None:
    """Whether this is a store, or may become one; a folder of somebody's is left alone."""
    if not path.exists():
        return
    if not path.is_dir():
        raise StoreError(f"{shown!r} is a file; a store is a folder")
    there = {one.name for one in path.iterdir()}
    if STATE not in there and there - {LOCK, STATE + disk.TEMPORARY}:
        raise StoreError(
            f"the folder {shown!r} holds other files and is no store; choose an empty folder, or "
            "one that is not there yet"
        )


@contextmanager
def _sentences(shown: str | Path) -> Iterator[None]:
    """What the system refuses, as one sentence about the store."""
    try:
        yield
    except OSError as error:
        raise disk.failed(f"the store {str(shown)!r} cannot be opened", error) from None
    except ValueError:  # a NUL in the path
        raise StoreError(f"the store {str(shown)!r} has a name that no folder can have") from None
