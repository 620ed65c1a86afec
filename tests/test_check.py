"""`smtplab check FOLDER`: handed-in notebooks run anew, each in a process of its own."""

import csv
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from smtplab import cli
from smtplab.cli import marking
from smtplab.cli.handed_in import lesson_of
from smtplab.cli.marking import HandedIn, Limits, find, mark
from smtplab.lessons import work
from smtplab.lessons.progress import Done
from smtplab.lessons.work import pack
from tests.watch import wait_until

BEGIN = """\
from smtplab import Sandbox
from smtplab.lessons import begin, check, fresh_session
sandbox = Sandbox("memory", plain=True).start()
begin("02", notebook="0.1.0")"""
SOLVED = """\
fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org",
    "RCPT TO:<bob@example.net>", "MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.net>")
check("2.1", sandbox)"""
LIMITS = Limits(cell_seconds=60, seconds=240)


def notebook(path: Path, *cells: str) -> Path:
    nbformat.write(new_notebook(cells=list(map(new_code_cell, cells))), path)
    return path


def passed(path, limits=LIMITS):
    return {row.exercise: row.passed for row in mark(HandedIn(path, path.name), limits)}


def test_a_folder_becomes_a_table_and_one_broken_notebook_stops_no_other(tmp_path, capsys):
    (tmp_path / "anna").mkdir()
    notebook(tmp_path / "anna" / "mine.ipynb", BEGIN, SOLVED)
    (tmp_path / "broken.ipynb").write_text("{")
    notebook(tmp_path / "stub.ipynb", BEGIN, 'check("2.1", sandbox)', "1 / 0")
    table = tmp_path / "table.csv"
    assert cli.main(["check", str(tmp_path), "--output", str(table), "--jobs", "2"]) == 1
    told = capsys.readouterr().out
    assert "2.1: 1 of 2" in told and "  broken.ipynb: cannot be read as a notebook\n" in told
    assert "3 notebooks" in told and "anna" not in told  # nothing of hers wants a look
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")  # else a spreadsheet garbles names
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    anna = {r["exercise"]: r for r in rows if r["notebook"] == "anna/mine.ipynb"}
    assert {n: r["passed"] for n, r in anna.items()} == {
        "2.1": "yes", "2.2": "no", "2.3": "no", "2.4": "no",
    }  # fmt: skip
    assert anna["2.2"]["missing"].startswith("Missing: a mail object")
    assert {r["ran"] for r in anna.values()} == {"whole"}
    (broken,) = (r for r in rows if r["notebook"] == "broken.ipynb")
    assert broken["ran"] == "cannot be read as a notebook" and broken["passed"] == ""
    stub = [r for r in rows if r["notebook"] == "stub.ipynb"]
    assert {r["passed"] for r in stub} == {"no"}
    assert {r["ran"] for r in stub} == {"1 cell failed: ZeroDivisionError"}


def test_edited_outputs_count_for_nothing(tmp_path):
    cells = [new_code_cell(BEGIN), new_code_cell('check("2.1", sandbox)')]
    cells[1].outputs = [new_output("stream", text="Exercise 2.1, refused, then repaired: done.")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "x.ipynb")
    assert set(passed(tmp_path / "x.ipynb").values()) == {"no"}


def test_evidence_that_a_later_cell_throws_away_still_counts(tmp_path):
    path = notebook(tmp_path / "x.ipynb", BEGIN, SOLVED, "sandbox.restart()", "sandbox = None")
    assert passed(path)["2.1"] == "yes"


def test_what_a_notebook_prints_or_writes_is_no_answer(tmp_path):
    forged = json.dumps({"ran": "whole", "lesson": "02", "verdicts": {"2.1": [True, ""]}})
    path = notebook(
        tmp_path / "x.ipynb",
        BEGIN,
        f"import os\nfor n in range(3, 30):\n  try: os.write(n, {forged!r}.encode() + b'\\n')\n"
        f"  except OSError: pass\nos.write(1, {forged!r}.encode() + b'\\n'); print({forged!r})",
    )
    assert "yes" not in passed(path).values()


def test_a_cell_without_end_is_stopped_and_the_others_still_count(tmp_path):
    path = notebook(tmp_path / "x.ipynb", BEGIN, "while True: pass", SOLVED)
    (row, *_) = mark(HandedIn(path, path.name), Limits(cell_seconds=20, seconds=240))
    assert (row.exercise, row.passed) == ("2.1", "yes")
    assert row.ran == "1 cell failed: stopped after 20 seconds"


STUBBORN = """\
import os, pathlib, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
pathlib.Path({told!r}).write_text(str(os.getpid()))
while True: pass"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is no child")
def test_a_notebook_that_takes_too_long_is_ended_with_its_kernel(tmp_path, monkeypatch):
    told = tmp_path / "pid"
    path = notebook(tmp_path / "x.ipynb", BEGIN, STUBBORN.format(told=str(told)))

    class LateClock(subprocess.Popen):
        """Its time begins with the stubborn cell, however late a busy machine gets there."""

        def communicate(self, input=None, timeout=None):
            assert self.stdin is not None
            with self.stdin as stdin:
                stdin.write(input)
            self.stdin = None
            wait_until(lambda: told.exists() or self.poll() is not None)
            return super().communicate(timeout=timeout)

    monkeypatch.setattr(subprocess, "Popen", LateClock)
    (row,) = mark(HandedIn(path, path.name), Limits(cell_seconds=300, seconds=3))
    assert row.ran == "ended after 3 seconds"
    assert _ends(int(told.read_text()))


def _ends(pid):
    """Whether a process is gone, or goes within two minutes."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 120)[0])
    finally:
        os.close(descriptor)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory_is_bounded(tmp_path):
    path = notebook(tmp_path / "x.ipynb", BEGIN, "x = bytearray(4 * 2**30)", SOLVED)
    (row, *_) = mark(HandedIn(path, path.name), LIMITS)
    assert row.ran == "1 cell failed: MemoryError"
    assert row.passed == "yes"


def test_a_notebook_of_no_lesson_says_so(tmp_path):
    (row,) = mark(HandedIn(notebook(tmp_path / "x.ipynb", "1"), "x.ipynb"), LIMITS)
    assert row.ran == "belongs to no lesson that is known"


def test_links_huge_files_and_hidden_folders_are_not_run(tmp_path):
    real = notebook(tmp_path / "real.ipynb", BEGIN)
    (tmp_path / "link.ipynb").symlink_to(real)
    (tmp_path / "huge.ipynb").write_bytes(b" " * (marking.MAX_OCTETS + 1))
    (tmp_path / ".ipynb_checkpoints").mkdir()
    notebook(tmp_path / ".ipynb_checkpoints" / "old.ipynb", BEGIN)
    (tmp_path / "elsewhere").symlink_to(tmp_path.parent)
    found = {one.name: one.refused for one in find(tmp_path)}
    assert found == {
        "huge.ipynb": "larger than 10 MiB", "link.ipynb": "a link or no file", "real.ipynb": "",
    }  # fmt: skip
    (row,) = mark(HandedIn(tmp_path / "link.ipynb", "link.ipynb", "a link or no file"), LIMITS)
    assert row.ran == "refused: a link or no file"


def test_the_zip_of_download_my_work_is_marked_like_a_folder(tmp_path):
    notebook(tmp_path / "02-mine.ipynb", BEGIN, SOLVED)
    packed = pack(tmp_path, Done())
    (handed_in := tmp_path / "handed-in").mkdir()
    (handed_in / "anna.zip").write_bytes(packed.octets)
    (one,) = find(handed_in)
    assert (one.name, one.refused) == ("anna.zip/02-mine.ipynb", "")
    rows = {row.exercise: row.passed for row in mark(one, LIMITS)}
    assert rows == {"2.1": "yes", "2.2": "no", "2.3": "no", "2.4": "no"}
    assert [path.name for path in handed_in.iterdir()] == ["anna.zip"]  # nothing was laid down


def zipped(path: Path, **members: bytes) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for number, (name, octets) in enumerate(members.items()):
            archive.writestr(TRICKS.get(name, f"{number}.ipynb"), octets)


TRICKS = {"up": "../up.ipynb", "root": "/tmp/root.ipynb", "windows": "a\\..\\b.ipynb"}


def test_a_zip_cannot_reach_out_of_its_place_and_cannot_swell(tmp_path):
    """A .zip from outside names any path, and a few octets of it can stand for gigabytes."""
    zipped(tmp_path / "bomb.zip", bomb=b" " * (work.MAX_NOTEBOOK + 1))
    (tmp_path / "broken.zip").write_bytes(b"PK")
    zipped(tmp_path / "tricks.zip", **dict.fromkeys(TRICKS, b"{}"))
    (tmp_path / "link.zip").symlink_to(tmp_path / "bomb.zip")
    found = {one.name: one for one in find(tmp_path)}
    assert {name: one.refused for name, one in found.items()} == {
        "bomb.zip/0.ipynb": "",
        "broken.zip": "no .zip that can be read",
        "link.zip": "a link or no file",
        "tricks.zip": "a .zip with no notebook at its top; unpack it first",
    }
    (row,) = mark(found["bomb.zip/0.ipynb"], LIMITS)
    assert row.ran == "refused: cannot be read"


def test_more_notebooks_than_the_limit_are_named_and_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(marking, "MAX_NOTEBOOKS", 1)
    for name in "ab":
        notebook(tmp_path / f"{name}.ipynb", BEGIN)
    assert [one.refused for one in find(tmp_path)] == ["", "one too many"]


def test_what_was_seen_before_a_cell_ended_the_kernel_counts(tmp_path):
    path = notebook(tmp_path / "02.ipynb", BEGIN, SOLVED, "import os; os._exit(0)", "1 + 1")
    rows = mark(HandedIn(path, "02.ipynb"), LIMITS)
    assert {row.exercise: row.passed for row in rows}["2.1"] == "yes"
    assert {row.ran for row in rows} == {"a cell ended the kernel"}


def test_a_notebook_whose_verdicts_do_not_come_is_no_whole_one(tmp_path):
    """It was in the table with nothing but "whole", and nobody looked at it."""
    silent = "import builtins\nbuiltins.print = lambda *words, **more: None"
    path = notebook(tmp_path / "02.ipynb", BEGIN, silent, SOLVED)
    (row,) = mark(HandedIn(path, "02.ipynb"), LIMITS)
    assert row.ran.startswith("gave no verdict") and row.exercise == ""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="platform: no /proc")
def test_a_process_that_has_left_the_kernels_session_is_ended_too(tmp_path):
    left = tmp_path / "pid"
    leave = (
        "import subprocess, pathlib\n"
        "one = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"pathlib.Path({str(left)!r}).write_text(str(one.pid))"
    )
    mark(HandedIn(notebook(tmp_path / "02.ipynb", BEGIN, leave), "02.ipynb"), LIMITS)
    place = Path("/proc", left.read_text())
    assert not place.exists() or "zombie" in (place / "status").read_text()


def test_what_is_no_notebook_is_named_so_that_nobody_is_forgotten(tmp_path, capsys):
    (tmp_path / "02-BIG.IPYNB").write_text("{")
    (tmp_path / "carl").mkdir()
    (tmp_path / "carl" / "essay.pdf").write_bytes(b"%PDF")
    assert cli.main(["check", str(tmp_path), "--output", str(tmp_path / "table.csv")]) == 1
    told = capsys.readouterr().out
    assert "02-BIG.IPYNB: cannot be read as a notebook" in told
    assert "Left alone, no notebook: carl/essay.pdf\n" in told, "the table is no hand-in"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["a-file"], "is a file; put it"),
        (["no-such-folder"], "is no folder"),
        (["empty"], "no notebook lies in"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(tmp_path, monkeypatch, capsys, argv, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a-file").write_text("")
    assert cli.main(["check", *argv]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1e3"])
def test_a_limit_is_a_whole_number(wrong, capsys):
    with pytest.raises(SystemExit):
        cli.main(["check", ".", "--seconds", wrong])
    assert "whole number" in capsys.readouterr().err


def test_the_help_says_what_a_notebook_may_do(capsys):
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "it can read your files and use your network" in said and "forge its result" in said


def test_the_first_cell_names_the_lesson_before_the_file_does():
    known = ["01", "02"]
    assert lesson_of(['begin("02", notebook="0")'], "01-x.ipynb", known) == "02"
    assert lesson_of(["begin('77', notebook='0')"], "2026-01 anna.ipynb", known) == "01"
    assert lesson_of([], "anna.ipynb", known) is None
