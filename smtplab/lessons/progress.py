"""Progress: which exercises and questions were done, and when, in one small file of the learner's.

The file lies beside the notebooks, or where SMTPLAB_PROGRESS says ("off": nowhere). It is written
when something was done, in a notebook's kernel only: no test and no nbval run ever writes or reads
one, so stored outputs do not depend on it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from smtplab.sandbox.store import disk

NAME = ".smtplab-progress.json"
VARIABLE = "SMTPLAB_PROGRESS"
SCHEMA = 1
MAX_OCTETS = 64 * 1024  # ours to choose; the whole course needs about 12 KiB
MAX_ENTRIES = 500  # of one kind; ours to choose
_NUMBER = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Kind(StrEnum):
    """What can be done: an exercise is named like "2.1", question 1 of lesson 02 is "02.1"."""

    EXERCISE = "exercises"
    QUESTION = "questions"


@dataclass(frozen=True)
class Done:
    """The number of each thing that was done -> the time in UTC when it was done first."""

    exercises: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Kind) -> Mapping[str, str]:
        return self.exercises if kind is Kind.EXERCISE else self.questions

    def joined(self, other: Done) -> Done:
        """All that one of the two has; where both have it, the earlier time stays."""
        return Done(
            _earliest(self.exercises, other.exercises), _earliest(self.questions, other.questions)
        )

    def as_octets(self) -> bytes:
        """The file's content."""
        kinds = {str(kind): dict(self.of(kind)) for kind in Kind}
        return json.dumps({"schema": SCHEMA, **kinds}, indent=1, sort_keys=True).encode() + b"\n"


class Unreadable(ValueError):
    """A progress file that cannot be used; the message is a sentence for the learner."""


def read_done(octets: bytes) -> Done:
    """What a progress file holds; `Unreadable` if it is none.

    >>> read_done(Done({"2.1": "2026-03-02T09:00:00Z"}).as_octets()).exercises
    {'2.1': '2026-03-02T09:00:00Z'}
    """
    if len(octets) > MAX_OCTETS:
        raise Unreadable(f"The progress file is larger than {MAX_OCTETS // 1024} KiB.")
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):  # ValueError: no UTF-8 as well
        raise Unreadable("The progress file is damaged: it is no JSON.") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise Unreadable(f"The progress file is not of the form {SCHEMA} that this smtplab reads.")
    return Done(*(_entries(found.get(kind)) for kind in Kind))


class ProgressFile:
    """The one place where progress is kept; with no path nothing is kept. Raises nothing.

    `trouble` is a sentence about the last thing that went wrong, "" if nothing did.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.trouble = ""

    def read(self) -> Done:
        """What was done so far; of a file that cannot be read, nothing."""
        self.trouble = ""
        try:
            return self._read()
        except (Unreadable, OSError) as error:
            self.trouble = f"{_sentence(error)} It is left as it is until there is something new."
            return Done()

    def note(self, kind: Kind, number: str) -> None:
        """Keep that this was done; the first time stays."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.add(Done(**{str(kind): {number: now}}))

    def add(self, done: Done) -> None:
        """Join this to what is kept; writes nothing if all of it is there already."""
        self.trouble = ""
        if self.path is None:
            return
        try:
            before = self._read_or_put_aside(self.path)
            after = before.joined(done)
            if after != before:
                disk.write(self.path, after.as_octets())
        except OSError as error:
            self.trouble = f"Progress cannot be kept here: {error.strerror or 'no reason given'}."

    def forget(self) -> None:
        """Start over: the file goes."""
        self.trouble = ""
        try:
            if self.path is not None:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            self.trouble = f"The file cannot be removed: {error.strerror or 'no reason given'}."

    def _read(self) -> Done:
        if self.path is None or not self.path.exists():
            return Done()
        with self.path.open("rb") as file:
            return read_done(file.read(MAX_OCTETS + 1))

    def _read_or_put_aside(self, path: Path) -> Done:
        try:
            return self._read()
        except Unreadable as error:
            aside = _free(path)
            os.replace(path, aside)
            self.trouble = f"{error} It is kept as {aside.name}, and a new one begins."
            return Done()


def progress_file(environment: Mapping[str, str] = os.environ) -> ProgressFile:
    """The file that this process keeps, as its surroundings say."""
    said = environment.get(VARIABLE, "").strip()
    # Set by pytest for itself and all that it starts, nbval's kernels too (pytest 8.2 and later).
    in_a_test = "PYTEST_VERSION" in environment or "PYTEST_CURRENT_TEST" in environment
    if in_a_test or said.lower() == "off" or not (said or _in_a_kernel()):
        return ProgressFile(None)
    place = Path(said).expanduser() if said else Path.cwd()
    return ProgressFile(place / NAME if place.is_dir() else place)


def note_done(kind: Kind, number: str) -> None:
    """Keep it where this process keeps progress. Never raises: a check must go on."""
    with suppress(OSError, RuntimeError):  # a folder that is gone; no home for ~
        progress_file().note(kind, number)


def _in_a_kernel() -> bool:
    """Whether a notebook runs here: the folder of any other program is not the learner's."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return sys.platform == "emscripten" or bool(kernel and kernel.IPKernelApp.initialized())


def _entries(found: object) -> dict[str, str]:
    """What has the right form; a file from outside may hold anything."""
    if not isinstance(found, dict):
        return {}
    right = {
        number: when
        for number, when in found.items()
        if isinstance(when, str) and _NUMBER.fullmatch(number) and _TIME.fullmatch(when)
    }
    return dict(sorted(right.items())[:MAX_ENTRIES])


def _earliest(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    both = {**one, **other}
    return {n: min(m[n] for m in (one, other) if n in m) for n in sorted(both)}


def _free(path: Path) -> Path:
    """A name beside it that nothing has yet."""
    number = 1
    while (free := path.with_name(f"{path.stem}.unreadable{number}{path.suffix}")).exists():
        number += 1
    return free


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The progress file cannot be opened: {error.strerror or 'no reason given'}."
    return str(error)
