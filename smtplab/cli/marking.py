"""A folder of handed-in notebooks: which count, each in a process of its own, rows for a table."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from smtplab.lessons.progress import VARIABLE
from smtplab.lessons.work import WorkError, notebook_from, notebooks_in
from smtplab.transcript.rendering import visible

MAX_OCTETS = 10 * 2**20  # of one notebook; ours to choose, the course's have under 0.2 MiB
MAX_NOTEBOOKS = 2000  # ours to choose: 100 learners and 16 lessons, with room
MAX_NAMED = 40  # lines of the summary; ours to choose, a class fits
ROUNDS = 20  # in which all processes are looked through; ours to choose
MAX_ANSWER = 256 * 1024  # octets that the judging process may say; ours to choose
HEAD = ("notebook", "lesson", "exercise", "passed", "missing", "ran")


class Row(NamedTuple):
    """One line of the table; `passed` is "yes", "no", or "" where nothing was checked."""

    notebook: str
    lesson: str
    exercise: str
    passed: str
    missing: str
    ran: str


@dataclass(frozen=True)
class Limits:
    """What one notebook may use."""

    cell_seconds: int = 60
    seconds: int = 300
    megabytes: int = 3072


@dataclass(frozen=True)
class HandedIn:
    """A notebook that was found; `refused` says why it is not run, "" if it is.

    `member` is its name in the .zip at `path`, "" if it is a file of its own.
    """

    path: Path
    name: str
    refused: str = ""
    member: str = ""

    def octets(self) -> bytes:
        """Its content; `OSError` or `WorkError` if it cannot be read."""
        with open(self.path, "rb") as file:
            octets = file.read(MAX_OCTETS)
        return notebook_from(octets, self.member) if self.member else octets


def find(folder: Path) -> list[HandedIn]:
    """The notebooks below a folder and in each .zip there, in order; links are never followed."""
    found: list[HandedIn] = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith((".ipynb", ".zip")) and not name.startswith("."):
                path = Path(place, name)
                one = HandedIn(path, path.relative_to(folder).as_posix(), _refusal(path))
                found += (
                    [one] if one.refused or not name.lower().endswith(".zip") else _unpacked(one)
                )
    too_many = [HandedIn(o.path, o.name, "one too many") for o in found[MAX_NOTEBOOKS:]]
    return found[:MAX_NOTEBOOKS] + too_many


def others(folder: Path, but: Path) -> list[str]:
    """The files that are no hand-in, `but` our table: a learner may have sent a PDF."""
    named = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            is_one = name.startswith(".") or name.lower().endswith((".ipynb", ".zip"))
            if not is_one and name != but.name:
                named.append(Path(place, name).relative_to(folder).as_posix())
    more = [f"and {len(named) - MAX_NAMED} more"] if len(named) > MAX_NAMED else []
    return named[:MAX_NAMED] + more


def _unpacked(work: HandedIn) -> list[HandedIn]:
    """The notebooks in a .zip, as Download my work makes it; nothing is laid down yet."""
    try:
        names = notebooks_in(work.octets())
    except (OSError, WorkError):
        return [replace(work, refused="no .zip that can be read")]
    found = [HandedIn(work.path, f"{work.name}/{name}", member=name) for name in names]
    return found or [replace(work, refused="a .zip with no notebook at its top; unpack it first")]


def _refusal(path: Path) -> str:
    try:
        status = path.lstat()
    except OSError:
        return "cannot be opened"
    if not stat.S_ISREG(status.st_mode):
        return "a link or no file"
    if status.st_size > MAX_OCTETS:
        return f"larger than {MAX_OCTETS >> 20} MiB"
    return ""


def mark(one: HandedIn, limits: Limits) -> list[Row]:
    """The rows of one notebook. Raises nothing that the notebook could cause."""
    if one.refused:
        return [Row(one.name, "", "", "", "", f"refused: {one.refused}")]
    with tempfile.TemporaryDirectory(prefix="smtplab-check-", ignore_cleanup_errors=True) as place:
        copy = Path(place, "notebook.ipynb")
        try:
            copy.write_bytes(one.octets())
        except (OSError, WorkError):
            return [Row(one.name, "", "", "", "", "refused: cannot be read")]
        answer = _judged(copy, PurePosixPath(one.name).name, limits)
    lesson, ran = str(answer.get("lesson", "")), str(answer["ran"])
    verdicts = answer.get("verdicts")
    if not isinstance(verdicts, dict) or not verdicts:
        return [Row(one.name, lesson, "", "", "", ran)]
    return [
        Row(one.name, lesson, number, "yes" if passed else "no", str(words), ran)
        for number, (passed, words) in verdicts.items()
    ]


def _judged(copy: Path, name: str, limits: Limits) -> dict[str, object]:
    """What the process says about a notebook, or why it has nothing to say."""
    task = {"name": name, "cell_seconds": limits.cell_seconds, "megabytes": limits.megabytes}
    said, late = _said_by_process(copy, json.dumps(task), limits.seconds)
    answers = list(_answers(said))
    kernel = next((a["kernel"] for a in answers if isinstance(a.get("kernel"), int)), 0)
    _end_group(int(str(kernel)))
    _end_all_of(copy.parent)
    result = next((a for a in reversed(answers) if "ran" in a), None)
    if result is not None:
        return result
    why = f"ended after {limits.seconds} seconds" if late else "the process broke off"
    return {"ran": why}


def _said_by_process(copy: Path, task: str, seconds: int) -> tuple[bytes, bool]:
    """Standard output of the judging process, bounded, and whether it ran out of time."""
    environment = os.environ | {VARIABLE: "off", "IPYTHONDIR": str(copy.parent / ".ipython")}
    # A file that has no name: what the notebook prints or writes never gets there.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "smtplab.cli.handed_in", str(copy)],
            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.DEVNULL,
            cwd=copy.parent, env=environment, start_new_session=True,
        )  # fmt: skip
        late = False
        try:
            process.communicate(task.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            if process.poll() is None:
                _end_group(process.pid)
                process.kill()
                process.wait()
        output.seek(0)
        return output.read(MAX_ANSWER), late


def _answers(said: bytes) -> Iterator[dict[str, object]]:
    for line in said.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                yield answer


def _end_group(pid: int) -> None:
    """End a process that we started and all that it started in its session."""
    if pid > 1 and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _end_all_of(folder: Path) -> None:
    """End what has left the kernel's session and still has its environment (Linux)."""
    mark = b"IPYTHONDIR=" + os.fsencode(folder)
    for _ in range(ROUNDS):  # one of them may start another while we look
        marked = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # another user's, or over
                if mark in (place / "environ").read_bytes() and place.name != str(os.getpid()):
                    marked.append(int(place.name))
        for pid in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not marked:
            return


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """For the screen: how many passed each exercise, and which notebooks want a look.

    >>> list(summary([Row("a.ipynb", "02", "2.1", "yes", "", "whole"),
    ...               Row("b.ipynb", "02", "2.1", "no", "No.", "whole"),
    ...               Row("c.ipynb", "", "", "", "", "the process broke off")]))
    ['Passed:  2.1: 1 of 2', 'To look at:', '  c.ipynb: the process broke off']
    """
    verdicts = Counter((row.exercise, row.passed) for row in rows if row.exercise)
    for lesson in sorted({row.lesson for row in rows if row.exercise}):
        numbers = dict.fromkeys(row.exercise for row in rows if row.lesson == lesson)
        counts = ((one, verdicts[one, "yes"], verdicts[one, "no"]) for one in numbers if one)
        yield "Passed:  " + "   ".join(f"{one}: {yes} of {yes + no}" for one, yes, no in counts)
    troubles = {row.notebook: row.ran for row in rows if row.ran != "whole"}
    if troubles:
        yield "To look at:"
        for name, ran in list(troubles.items())[:MAX_NAMED]:
            yield visible(f"  {name}: {ran}")
        if len(troubles) > MAX_NAMED:
            yield f"  and {len(troubles) - MAX_NAMED} more; the table has them"


def as_cells(row: Row) -> list[str]:
    """The row for a table that a spreadsheet opens: no cell of it is taken for a formula.

    >>> as_cells(Row("=1+1.ipynb", "02", "2.1", "yes", "", "whole"))[0]
    "'=1+1.ipynb"
    """
    return [
        f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in row
    ]
