"""What a store has to tell: what it set aside, what it could not read, that it is closed."""

from __future__ import annotations

from pathlib import Path

from smtplab.sandbox.store import disk
from smtplab.sandbox.store.memory import StoreError


class Notes:
    """Collects the sentences for `sandbox.errors`; nothing is deleted, least of all silently."""

    def __init__(self, store: Path, errors: list[Exception]) -> None:
        self._store, self._errors = store, errors
        self.is_open = True

    def add(self, problem: str, error: OSError) -> None:
        self._errors.append(disk.failed(problem, error))

    def set_aside(self, path: Path, why: str) -> None:
        """Move a file out of the way, into the folder `damaged`, and say so."""
        where = path.relative_to(self._store).as_posix()
        try:
            name = disk.set_aside(path, self._store / "damaged")
        except OSError as error:
            self.add(f"{where!a} {why}, and could not be set aside", error)
            return
        self._errors.append(StoreError(f"{where!a} {why}; it lies in damaged/{name} now"))

    def check_open(self) -> None:
        """`StoreError` after the end: another sandbox may hold the store by now."""
        if not self.is_open:
            raise StoreError("the sandbox was stopped, so its store takes nothing more")
