"""The command `smtplab`: opening the course, and a learner's copy that is never overwritten."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import smtplab
from smtplab import cli
from smtplab.cli import course, lab
from smtplab.cli.course import Copied, copy_course

FIRST, SECOND = "00-start-here.ipynb", "01-journey.ipynb"
EMPTY_NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A course of two notebooks, a picture and an instructor's guide."""
    folder = tmp_path / "original"
    (folder / "instructor").mkdir(parents=True)
    (folder / "pictures").mkdir()
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / FIRST).write_bytes(EMPTY_NOTEBOOK)
    (folder / SECOND).write_bytes(EMPTY_NOTEBOOK)
    (folder / "pictures" / "route.png").write_bytes(b"png")
    (folder / "instructor" / "guide.ipynb").write_bytes(EMPTY_NOTEBOOK)
    (folder / ".ipynb_checkpoints" / FIRST).write_bytes(b"old")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "mine"


def visible(folder: Path) -> list[str]:
    """Every file under a folder but the record."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(p.relative_to(folder).as_posix() for p in files if p.name != course.RECORD)


# The learner's copy.


def test_a_first_copy_holds_the_course_without_the_instructors_part(
    source: Path, target: Path
) -> None:
    copied = copy_course(source, target, instructor=False)
    assert visible(target) == [FIRST, SECOND, "pictures/route.png"]
    assert copied == Copied(new=(FIRST, SECOND, "pictures/route.png"))


def test_the_instructors_part_comes_when_asked_for(source: Path, target: Path) -> None:
    copy_course(source, target, instructor=True)
    assert "instructor/guide.ipynb" in visible(target)


def test_a_second_copy_changes_nothing(source: Path, target: Path) -> None:
    copy_course(source, target, instructor=False)
    before = {name: (target / name).stat().st_mtime_ns for name in visible(target)}
    assert copy_course(source, target, instructor=False) == Copied()
    assert {name: (target / name).stat().st_mtime_ns for name in visible(target)} == before


def test_a_changed_notebook_stays_while_its_original_is_the_same(
    source: Path, target: Path
) -> None:
    copy_course(source, target, instructor=False)
    (target / FIRST).write_bytes(b"my work")
    assert copy_course(source, target, instructor=False) == Copied()
    assert (target / FIRST).read_bytes() == b"my work"


def test_an_untouched_notebook_follows_its_original(source: Path, target: Path) -> None:
    copy_course(source, target, instructor=False)
    (source / FIRST).write_bytes(b"second edition")
    assert copy_course(source, target, instructor=False) == Copied(updated=(FIRST,))
    assert (target / FIRST).read_bytes() == b"second edition"


def test_where_both_changed_the_new_original_is_laid_beside_once(
    source: Path, target: Path
) -> None:
    copy_course(source, target, instructor=False)
    (target / FIRST).write_bytes(b"my work")
    (source / FIRST).write_bytes(b"second edition")
    beside = "00-start-here.new.ipynb"
    assert copy_course(source, target, instructor=False) == Copied(beside=((FIRST, beside),))
    assert (target / FIRST).read_bytes() == b"my work"
    assert (target / beside).read_bytes() == b"second edition"
    assert copy_course(source, target, instructor=False) == Copied()


def test_work_done_in_the_copy_laid_beside_is_not_overwritten_either(
    source: Path, target: Path
) -> None:
    copy_course(source, target, instructor=False)
    (target / FIRST).write_bytes(b"my work")
    (source / FIRST).write_bytes(b"second edition")
    copy_course(source, target, instructor=False)
    (target / "00-start-here.new.ipynb").write_bytes(b"more of my work")
    (source / FIRST).write_bytes(b"third edition")
    copied = copy_course(source, target, instructor=False)
    assert copied.beside == ((FIRST, "00-start-here.new2.ipynb"),)
    assert (target / "00-start-here.new.ipynb").read_bytes() == b"more of my work"


@pytest.mark.parametrize("record", [b"", b"{", b"[1]", b"\xff"], ids=repr)
def test_a_damaged_record_loses_no_work(source: Path, target: Path, record: bytes) -> None:
    copy_course(source, target, instructor=False)
    (target / FIRST).write_bytes(b"my work")
    (target / course.RECORD).write_bytes(record)
    copied = copy_course(source, target, instructor=False)
    assert copied.beside == ((FIRST, "00-start-here.new.ipynb"),)
    assert (target / FIRST).read_bytes() == b"my work"


def test_the_report_says_each_thing_in_one_sentence(tmp_path: Path) -> None:
    copied = Copied(new=(FIRST,), updated=(SECOND,), beside=(("a.ipynb", "a.new.ipynb"),))
    assert lab.copy_report(tmp_path, copied) == [
        f"smtplab: copied 1 files of the course to {tmp_path}",
        f"smtplab: brought up to date: {SECOND}",
        "smtplab: a.ipynb has a new version; yours stays, the new one is a.new.ipynb",
    ]


def test_the_course_can_be_copied_for_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for said in ("copied", ""):
        assert cli.main(["copy", str(tmp_path / "mine")]) == 0
        assert said in capsys.readouterr().out
    assert (tmp_path / "mine" / FIRST).is_file()
    assert not (tmp_path / "mine" / "instructor").exists()
    (tmp_path / "file").touch()
    assert cli.main(["copy", str(tmp_path / "file")]) == 2
    assert "is a file" in one_line(capsys)


# Which folder is opened.


def test_a_clone_opens_its_own_notebooks(tmp_path: Path) -> None:
    package = tmp_path / "smtplab"
    for folder in (package, tmp_path / "notebooks"):
        folder.mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert course.clone_notebooks(package) == tmp_path / "notebooks"
    assert course.original_notebooks(package) == tmp_path / "notebooks"


def test_a_wheel_carries_the_notebooks_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "smtplab"
    (tmp_path / "site-packages" / "notebooks").mkdir(parents=True)  # somebody else's
    assert course.clone_notebooks(package) is None
    assert course.original_notebooks(package) == package / "notebooks"


def test_without_a_clone_the_course_is_copied_to_the_current_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "clone_notebooks", lambda: None)
    monkeypatch.setattr(lab, "original_notebooks", lambda: source)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    folder = lab.prepare_folder(None, instructor=False)
    assert folder == tmp_path / lab.COURSE_FOLDER
    assert visible(folder) == [FIRST, SECOND, "pictures/route.png"]


RUN = (
    b'{"cells": [{"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "source": '
    b'"x", "outputs": [{"name": "stdout", "output_type": "stream", "text": "It was 500."}]}], '
    b'"metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
)


def test_a_blank_copy_shows_no_reply_before_it_was_asked_for(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (source / FIRST).write_bytes(RUN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "clone_notebooks", lambda: source)  # also in a clone it is a copy
    monkeypatch.setattr(lab, "original_notebooks", lambda: source)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    folder = lab.prepare_folder(None, instructor=False, blank=True)
    assert folder == tmp_path / lab.COURSE_FOLDER
    (cell,) = json.loads((folder / FIRST).read_bytes())["cells"]
    assert (cell["outputs"], cell["execution_count"], cell["source"]) == ([], None, "x")
    assert (source / FIRST).read_bytes() == RUN
    capsys.readouterr()
    lab.prepare_folder(None, instructor=False, blank=True)
    assert capsys.readouterr().out == ""  # nothing has changed, so nothing is laid down
    with pytest.raises(lab.LabError, match="another folder"):
        lab.prepare_folder(source, instructor=False, blank=True)
    assert cli.main(["copy", str(tmp_path / "mine"), "--blank"]) == 0
    assert (tmp_path / "mine" / FIRST).read_bytes() == (folder / FIRST).read_bytes()


def test_the_course_opens_with_its_first_notebook(source: Path, tmp_path: Path) -> None:
    (source / "00-start-here.new.ipynb").write_bytes(EMPTY_NOTEBOOK)
    assert lab.page_path(source) == f"lab/tree/{FIRST}"
    assert lab.page_path(tmp_path) == "lab"


def test_the_instructors_folder_of_a_clone_is_hidden_until_asked_for(source: Path) -> None:
    def options(instructor: bool) -> list[str]:
        return lab.lab_options(source, port=None, browser=True, instructor=instructor, extra=[])

    assert any("hide_globs" in o and "'instructor'" in o for o in options(False))
    assert not any("hide_globs" in o for o in options(True))


def test_a_package_without_the_kit_says_where_it_is(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.rmtree(source / "instructor")
    monkeypatch.setattr(lab, "original_notebooks", lambda: source)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    lab.prepare_folder(tmp_path / "copy", instructor=True)
    assert lab.NO_INSTRUCTOR in capsys.readouterr().out
    lab.prepare_folder(tmp_path / "copy", instructor=False)
    assert "teacher's kit" not in capsys.readouterr().out


# What stops it, in one line.


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line that was said, on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_port_that_is_taken_gives_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code = cli.main(["lab", "--port", str(port), "--notebook-dir", str(tmp_path / "mine")])
    assert code == 2
    assert f"port {port} is taken" in one_line(capsys)
    assert not (tmp_path / "mine").exists()


def test_a_file_in_the_place_of_the_folder_gives_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").touch()
    assert cli.main(["lab", "--notebook-dir", str(tmp_path / "mine")]) == 2
    assert "is a file" in one_line(capsys)


@pytest.mark.parametrize("port", ["70000", "-1", "smtp", "²", ""])
def test_what_is_no_port_number_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["lab", f"--port={port}"])
    assert stop.value.code == 2
    assert "is not a port number from 0 to 65535" in capsys.readouterr().err


# The browser.


def no_browser() -> object:
    raise webbrowser.Error("none")


@pytest.mark.parametrize(
    ("platform", "environment", "find", "expected"),
    [
        ("linux", {}, object, False),
        ("linux", {"DISPLAY": ":0"}, object, True),
        ("linux", {"BROWSER": "firefox"}, object, True),
        ("linux", {"DISPLAY": ":0"}, no_browser, False),
        ("darwin", {}, object, True),
        ("win32", {}, object, True),
    ],
    ids=["console", "screen", "named", "screen without browser", "macOS", "Windows"],
)
def test_a_browser_is_opened_only_where_a_page_can_be_seen(
    platform: str, environment: dict[str, str], find, expected: bool, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert lab.can_open_browser(find) is expected


# The command as a whole.


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], {"no_browser": False, "port": None}),
        (["--no-browser"], {"no_browser": True}),
        (["lab", "--port", "9000"], {"port": 9000}),
        (["lab", "--", "--ip=0.0.0.0"], {"jupyter": ["--ip=0.0.0.0"]}),
    ],
    ids=["nothing", "an option alone", "the subcommand", "an option of JupyterLab"],
)
def test_smtplab_alone_means_smtplab_lab(
    argv: list[str], expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, object]] = []

    def run(args: argparse.Namespace) -> int:
        seen.append(vars(args))
        return 0

    monkeypatch.setattr(lab, "run", run)
    assert cli.main(argv) == 0
    assert seen[0]["command"] == "lab"
    assert {name: seen[0][name] for name in expected} == expected


def test_ctrl_c_while_jupyterlab_starts_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "run", interrupted)
    assert cli.main(["lab"]) == 0


def test_a_word_that_is_no_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["sevre"])
    assert stop.value.code == 2
    assert "invalid choice: 'sevre'" in capsys.readouterr().err


def test_the_version_is_the_packages_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"smtplab {smtplab.__version__}\n"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_help_of_each_command_shows_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert f"  smtplab {command} " in capsys.readouterr().out


def test_explain_joins_its_words_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "550", "5.7.1"]) == 0
    assert capsys.readouterr().out.startswith("550 5.7.1: ")


def test_explain_names_an_unknown_word_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "XYZZY"]) == 2
    assert "'XYZZY'" in one_line(capsys)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A real `smtplab lab`, whose folders are all its own; killed if it hangs."""
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_TOKEN": "",
    }
    command = [sys.executable, "-m", "smtplab", "--no-browser"]
    with subprocess.Popen(
        [*command, "--notebook-dir", str(tmp_path / "mine")],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(Path(smtplab.__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(240, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            process.kill()
            watchdog.cancel()


def fetch(address: str) -> bytes:
    """The body of a page, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=120) as page:
        return bytes(page.read())


@pytest.mark.skipif(os.name != "posix", reason="platform: Ctrl-C is no signal to a child here")
def test_jupyterlab_really_opens_serves_the_course_and_stops_with_ctrl_c(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert started.stdout is not None
    said = iter(started.stdout)
    address = next(match[0] for line in said if (match := re.search(r"http://\S+", line)))
    assert b"jupyter-config-data" in fetch(address)
    parts = urlsplit(address)
    settings = json.loads(fetch(parts._replace(path="/lab/api/settings").geturl()))["settings"]
    notification = next(
        s["schema"] for s in settings if s["id"].endswith("-extension:notification")
    )
    assert notification["properties"]["fetchNews"]["default"] == "false"
    started.send_signal(signal.SIGINT)
    assert started.wait(120) == 0
    assert not (tmp_path / "config" / "lab").exists()  # the user's own settings
