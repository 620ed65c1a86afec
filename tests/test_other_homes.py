"""Homes that are not JupyterLab with a network: a room without internet, and Notebook 7.

The wheelhouse is made and installed by the two commands of the README.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from smtplab.cli.course import RECORD
from tests.browser import Watch, chromium, open_and_run, serving
from tests.lab_pages import KERNEL
from tests.tools import missing, said_by

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SECTION = README.partition("## Without internet\n")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^pip .*$", SECTION, re.M)

EMPTY = new_notebook(cells=[new_code_cell("1 + 1")], metadata={"kernelspec": KERNEL})

_DONE = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code');
  return cells.every(cell => cell.model.executionState !== 'running'
    && cell.model.executionCount !== null);
}"""
_OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .map(cell => cell.model.outputs.toJSON().map(one => one.output_type))"""


@dataclass(frozen=True)
class Room:
    """A computer without internet: a fresh environment, and a folder for the course."""

    python: str
    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """Run a module of its Python; a failure shows all that it said."""
        return said_by([self.python, "-m", *command], self.folder, self.environment)


def words(command: str, wheelhouse: Path) -> list[str]:
    """A command of the README, with a wheelhouse of our own."""
    return [str(wheelhouse) if word == "wheelhouse" else word for word in shlex.split(command)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """With internet the first command, without it the second."""
    work = tmp_path_factory.mktemp("room")
    folders = {"HOME": "home", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data",
               "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}  # fmt: skip
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "SMTPLAB"))
    }
    environment = kept | {name: str(work / place) for name, place in folders.items()}
    for name in ("home", "course"):
        (work / name).mkdir()
    wheelhouse = work / "wheelhouse"
    outside = Room(sys.executable, ROOT, dict(os.environ))
    try:
        outside.run(*words(COMMANDS[0], wheelhouse))
    except AssertionError as error:
        missing("packages to download", f"{COMMANDS[0]}: {error}")
    python = work / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    outside.run("venv", str(work / "venv"))
    no_network = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    room = Room(str(python), work / "course", environment)
    Room(str(python), work, environment | no_network).run(*words(COMMANDS[1], wheelhouse))
    yield room


@pytest.mark.slow
def test_a_computer_without_internet_installs_the_course_and_is_well(room: Room) -> None:
    said = room.run("smtplab", "doctor")
    assert "The course will run here." in said


@pytest.mark.slow
@pytest.mark.browser
def test_notebook_7_runs_lesson_00_and_its_console_takes_a_click(room: Room, tool) -> None:
    executable = tool("chromium")
    room.run("pip", "install", "--quiet", "notebook>=7,<8")
    room.run("smtplab", "copy", str(room.folder))
    assert (room.folder / RECORD).is_file()
    module = ["notebook", "--JupyterNotebookApp.expose_app_in_browser=True"]
    nbformat.write(EMPTY, room.folder / "empty.ipynb")
    with serving(module, room.folder, room.environment, room.python) as (at, _):
        with chromium(executable) as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 1200})
            watch = Watch(page)
            url = f"{at.url}/notebooks/{{}}?token={at.token}"
            open_and_run(page, url.format("empty.ipynb"))
            page.wait_for_function(_DONE)
            of_its_own = set(watch.errors)  # Notebook 7.6 stumbles over its settings as it begins
            open_and_run(page, url.format("00-start-here.ipynb"))
            page.wait_for_function(_DONE)
            outputs = page.evaluate(_OUTPUTS)
            assert len(outputs) > 10 and not any("error" in kinds for kinds in outputs)
            console = page.locator(".smtplab-console").first
            replies = console.locator(".smtplab-row.smtplab-s")
            before = replies.count()
            console.get_by_role("button", name="NOOP", exact=True).click()
            replies.nth(before).get_by_text("250").wait_for()
            if folder := os.environ.get("SMTPLAB_SCREENSHOTS"):
                console.screenshot(path=Path(folder) / "notebook-7.png")
            said = set(watch.errors) - of_its_own
            page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
            page.close()
    assert not said, said
    assert not watch.outside
