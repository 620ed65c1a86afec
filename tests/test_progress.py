"""Progress: kept in one small file, beside the notebooks, and a learner's work as one .zip."""

import json
import sys
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from smtplab import Progress, Sandbox
from smtplab.lessons import check, quiz
from smtplab.lessons import progress as keeping
from smtplab.lessons.progress import (
    NAME,
    Done,
    Kind,
    ProgressFile,
    Unreadable,
    progress_file,
    read_done,
)
from smtplab.lessons.work import MAX_ZIP, PROGRESS, WorkError, pack, unpack
from tests.solutions import RIGHT
from tests.test_parts import page

FIRST, LATER = "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "id": "a",
                "metadata": {},
                "execution_count": 1,
                "source": "1 + 1",
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 500}],
            }
        ],
    }
).encode()


@pytest.fixture
def file(tmp_path):
    return ProgressFile(tmp_path / NAME)


@pytest.fixture
def kept(file, monkeypatch):
    """As in a notebook's kernel: what is done goes to this file."""
    monkeypatch.setattr(keeping, "progress_file", lambda: file)
    return file


# The file.


def test_what_was_done_is_read_back_and_the_first_time_stays(file):
    file.add(Done({"2.1": LATER}))
    file.add(Done({"2.1": FIRST}, {"02.1": LATER}))
    file.add(Done({"2.1": LATER}))
    assert file.read() == Done({"2.1": FIRST}, {"02.1": LATER})
    assert json.loads(file.path.read_bytes())["schema"] == 1


def test_a_noted_time_is_utc_to_the_second(file):
    file.note(Kind.EXERCISE, "2.1")
    assert read_done(file.path.read_bytes()).exercises.keys() == {"2.1"}


def test_nothing_is_written_where_nothing_was_done(file, tmp_path):
    file.read()
    file.add(Done())
    Progress(file, tmp_path).refresh()
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_already_is_not_written_again(file):
    file.add(Done({"2.1": FIRST}))
    before = file.path.stat()
    file.add(Done({"2.1": LATER}))
    assert (file.path.stat().st_ino, file.path.stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )


DAMAGED = {
    "no JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "another form": b'{"schema": 2}',
    "deep": b"[" * 60_000,
    "huge": b" " * 70_000,
    "empty": b"",
}


@pytest.mark.parametrize("octets", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_told_in_one_sentence_and_kept_aside(file, octets):
    file.path.write_bytes(octets)
    assert file.read() == Done()
    assert file.trouble.startswith("The progress file is ")
    assert file.path.read_bytes() == octets, "looking changes nothing"
    file.add(Done({"2.1": FIRST}))
    aside = file.path.with_name(".smtplab-progress.unreadable1.json")
    assert aside.read_bytes() == octets and aside.name in file.trouble
    assert file.read().exercises == {"2.1": FIRST}


def test_a_second_damaged_file_does_not_take_the_place_of_the_first(file):
    for octets in (b"one", b"two"):
        file.path.write_bytes(octets)
        file.add(Done({"2.1": FIRST}))
    names = [f".smtplab-progress.unreadable{n}.json" for n in (1, 2)]
    assert [file.path.with_name(name).read_bytes() for name in names] == [b"one", b"two"]


def test_entries_of_a_wrong_form_are_left_out_and_their_number_is_bounded():
    wrong = {"2.1": FIRST, "2.2": "yesterday", "<b>": FIRST, "2.3": 5}
    many = {f"{n // 100}.{n % 100}": FIRST for n in range(1500)}
    octets = json.dumps({"schema": 1, "exercises": wrong, "questions": many}).encode()
    assert read_done(octets).exercises == {"2.1": FIRST}
    assert len(read_done(octets).questions) == 500
    with pytest.raises(Unreadable):
        read_done(b"null")


def test_a_folder_that_takes_no_file_is_told_and_nothing_is_raised(tmp_path):
    (tmp_path / "a file").write_text("")
    file = ProgressFile(tmp_path / "a file" / NAME)
    file.note(Kind.EXERCISE, "2.1")
    assert file.trouble.startswith("Progress cannot be kept here: ")


# Where it is.


def test_the_variable_names_a_file_or_a_folder_and_off_means_nowhere(tmp_path):
    assert progress_file({"SMTPLAB_PROGRESS": str(tmp_path)}).path == tmp_path / NAME
    own = tmp_path / "own.json"
    assert progress_file({"SMTPLAB_PROGRESS": str(own)}).path == own
    assert progress_file({"SMTPLAB_PROGRESS": "OFF"}).path is None


def test_only_a_notebooks_kernel_keeps_it_beside_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", None)
    assert progress_file({}).path is None
    app = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", app)
    assert progress_file({}).path == tmp_path / NAME


@pytest.mark.parametrize("variable", ["PYTEST_VERSION", "PYTEST_CURRENT_TEST"])
def test_a_test_run_keeps_nothing_even_where_the_variable_names_a_file(tmp_path, variable):
    assert progress_file({variable: "9", "SMTPLAB_PROGRESS": str(tmp_path)}).path is None
    assert progress_file().path is None, "this very test run"


# What writes into it.


def test_a_passed_check_is_kept_and_a_failed_one_is_not(kept):
    with Sandbox("memory") as sandbox:
        check("2.1", sandbox)
        assert not kept.path.exists()
        RIGHT["2.1"][0](sandbox)
        check("2.1", sandbox)
    assert set(kept.read().exercises) == {"2.1"}


def test_a_right_answer_is_kept_and_a_wrong_one_is_not(kept):
    quiz("02", 1).answer("a")
    assert not kept.path.exists()
    quiz("02", 1).answer("b")
    assert set(kept.read().questions) == {"02.1"}


def test_check_and_quiz_say_the_same_with_and_without_a_file(kept, monkeypatch):
    with Sandbox("memory") as sandbox:
        RIGHT["2.1"][0](sandbox)
        with_file = repr(check("2.1", sandbox)), repr(quiz("02", 1).answer("b"))
        monkeypatch.setattr(keeping, "progress_file", lambda: ProgressFile(None))
        assert (repr(check("2.1", sandbox)), repr(quiz("02", 1).answer("b"))) == with_file


def test_a_folder_that_is_gone_does_not_disturb_a_check(monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(keeping, "progress_file", gone)
    assert "b is right" in repr(quiz("02", 1).answer("b"))


# The card.


def uploaded(octets):
    """What the front end sets when a file was chosen."""
    return (
        {
            "name": "work.zip",
            "type": "application/zip",
            "size": len(octets),
            "content": memoryview(octets),
            "last_modified": datetime(2026, 3, 2, tzinfo=UTC),
        },
    )


def test_the_card_lists_the_course_with_marks_in_words(file, tmp_path):
    file.add(Done({"2.1": FIRST}, {"02.3": FIRST}))
    card = Progress(file, tmp_path)
    for form in (page(card), card.static_html(), card.static_text()):
        assert "done: 2.1; to do: 2.2, 2.3, 2.4" in form
        assert "done: 3; to do: 1, 2, 4, 5" in form
        assert "2026" not in form, "a stored output must not hold a date"
    assert card.static_text().startswith("Your progress: 1 of ")


def test_start_over_asks_once(file, tmp_path):
    file.add(Done({"2.1": FIRST}))
    card = Progress(file, tmp_path)
    card._start_over.click()
    assert file.path.exists() and card._start_over.description == "Yes, forget it"
    card._refresh.click()
    assert card._start_over.description == "Start over", "another step is no yes"
    card._start_over.click()
    card._start_over.click()
    assert not file.path.exists() and "is forgotten" in page(card)
    assert card._start_over.description == "Start over"


def test_the_work_is_a_link_that_needs_no_server(file, tmp_path):
    (tmp_path / "02-first.ipynb").write_bytes(NOTEBOOK)
    card = Progress(file, tmp_path)
    assert "href" not in page(card)
    card._download.click()
    assert 'download="smtplab-work.zip" href="data:application/zip;base64,UEsDB' in page(card)
    assert ", 1 notebook)" in page(card) and "data:" not in card.static_html()
    assert card.download().octets == card.download().octets, "no clock in it"


def test_work_goes_out_and_comes_back_in_another_place(file, tmp_path):
    (tmp_path / "02-first.ipynb").write_bytes(NOTEBOOK)
    file.add(Done({"2.1": FIRST}))
    octets = Progress(file, tmp_path).download().octets
    there = tmp_path / "there"
    there.mkdir()
    card = Progress(ProgressFile(there / NAME), there)
    card._upload.value = uploaded(octets)
    assert (there / "02-first.ipynb").read_bytes() == NOTEBOOK
    assert card.done.exercises == {"2.1": FIRST}
    assert "Loaded: 02-first.ipynb" in page(card)
    assert card._upload.value == ()


def test_a_file_of_another_kind_is_told_on_the_card_and_raised_in_code(file, tmp_path):
    card = Progress(file, tmp_path)
    card._upload.value = uploaded(b"no")
    assert "Nothing was loaded" in page(card)
    with pytest.raises(WorkError, match="no file that Download my work made"):
        card.load(b"no")


def test_without_a_place_the_card_says_that_nothing_is_kept():
    assert "Nothing is kept here" in page(Progress())


# The .zip.


def zipped(*members):
    into = BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return into.getvalue()


def test_a_notebook_that_differs_is_never_overwritten(tmp_path):
    octets = zipped((PROGRESS, Done().as_octets()), ("a.ipynb", b"loaded"))
    (tmp_path / "a.ipynb").write_bytes(b"mine")
    assert unpack(octets, tmp_path).names == ("a.loaded1.ipynb",)
    assert (tmp_path / "a.ipynb").read_bytes() == b"mine"
    (tmp_path / "a.ipynb").write_bytes(b"loaded")
    assert unpack(octets, tmp_path).names == ("a.ipynb",)


@pytest.mark.parametrize(
    "name",
    ["../out.ipynb", "/tmp/out.ipynb", "sub/out.ipynb", "..\\out.ipynb", ".hidden.ipynb",
     "run.py", "C:out.ipynb", "x" * 300 + ".ipynb"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_left_out(tmp_path, name):
    folder = tmp_path / "inside"
    folder.mkdir()
    unpacked = unpack(zipped((PROGRESS, Done().as_octets()), (name, b"x")), folder)
    assert unpacked.names == () and unpacked.remarks == ("1 other files in it were left out.",)
    assert [p for p in tmp_path.rglob("*") if p != folder] == []


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path):
    bomb = zipped((PROGRESS, Done().as_octets()), ("a.ipynb", b"\0" * (9 * 2**20)))
    assert len(bomb) < 20_000
    with pytest.raises(WorkError):
        unpack(bomb, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "octets",
    [b"", zipped(), zipped(("a.ipynb", b"x")), zipped((PROGRESS, b"{")), b"x" * (9 * 2**20),
     zipped((PROGRESS, Done().as_octets()))[:-30]],
    ids=["empty", "no member", "no progress", "damaged", "large", "cut"],
)  # fmt: skip
def test_what_is_no_work_is_refused_by_a_sentence(tmp_path, octets):
    with pytest.raises(WorkError, match="Nothing was loaded"):
        unpack(octets, tmp_path)


def test_a_large_notebook_loses_its_outputs_first_and_is_left_out_last(tmp_path):
    import random

    noise = random.Random(0).randbytes(40_000).hex()
    large = json.loads(NOTEBOOK)
    large["cells"][0]["outputs"][0]["text"] = noise
    (tmp_path / "a.ipynb").write_text(json.dumps(large))
    large["cells"][0]["source"] = noise
    (tmp_path / "b.ipynb").write_text(json.dumps(large))
    packed = pack(tmp_path, Done(), limit=20_000)
    assert packed.names == ("a.ipynb",) and len(packed.octets) < 20_000
    assert "a.ipynb is in it without its outputs" in packed.remarks[0]
    assert "b.ipynb is left out" in packed.remarks[1]
    assert MAX_ZIP * 4 / 3 < 2 * 2**20, "base64 of it fits into a data: URL of Chromium"


def test_only_the_folders_own_notebooks_are_packed(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(NOTEBOOK)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "notes.txt")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "huge.ipynb").write_bytes(b" " * (8 * 2**20 + 1))
    packed = pack(tmp_path, Done())
    assert packed.names == ("a.ipynb",)
    assert packed.remarks == ("huge.ipynb is left out: it is larger than 8 MiB.",)
    assert Path(tmp_path / "a.ipynb").read_bytes() == NOTEBOOK
