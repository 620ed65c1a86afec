"""`smtplab nbgrader`: nbgrader's own validator takes what it writes, and the checks give points."""

import importlib
import json
import os
import sys
from pathlib import Path

import nbformat
import pytest

from smtplab import Sandbox
from smtplab.cli import main
from smtplab.cli.nbgrader import assignment
from smtplab.lessons import check
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from tests.solutions import RIGHT
from tests.tools import missing

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def validator(monkeypatch):
    """Of nbgrader as it comes from PyPI; its package wants a server of its own, its format none."""
    folder = os.environ.get("SMTPLAB_NBGRADER") or missing(
        "nbgrader", "pip install --no-deps --target FOLDER nbgrader, and SMTPLAB_NBGRADER=FOLDER"
    )
    monkeypatch.syspath_prepend(str(Path(folder) / "nbgrader"))
    try:
        yield importlib.import_module("nbgraderformat").MetadataValidator()
    finally:
        for name in [name for name in sys.modules if name.startswith("nbgraderformat")]:
            del sys.modules[name]


def of_cells(notebook):
    return [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]


def written(folder):
    assert main(["nbgrader", str(folder)]) == 0
    return {path.stem[:2]: nbformat.read(path, 4) for path in folder.glob("*/*.ipynb")}


def test_each_exercise_has_a_place_for_its_solution_and_a_locked_check_with_points(tmp_path):
    notebooks = written(tmp_path)
    assert sorted(notebooks) == list(LESSONS)
    marks = [mark for notebook in notebooks.values() for mark in of_cells(notebook)]
    solutions = [mark["grade_id"] for mark in marks if mark["solution"]]
    checks = [mark["grade_id"] for mark in marks if mark["grade"] and mark["locked"]]
    names = {number.replace(".", "-") for number in EXERCISES}
    assert {name.removeprefix("exercise-") for name in solutions} == names
    assert {name.removeprefix("check-") for name in checks} == names
    assert sum(mark.get("points", 0) for mark in marks) == len(EXERCISES)


def test_the_validator_of_nbgrader_takes_every_assignment(tmp_path, validator):
    for notebook in written(tmp_path).values():
        nbformat.validate(notebook)
        validator.validate_nb(notebook)
    of_cells(notebook)[0].grade_id = of_cells(notebook)[1].grade_id
    with pytest.raises(Exception, match="Duplicate grade id"):
        validator.validate_nb(notebook)


def test_what_is_there_already_is_left_alone(tmp_path, capsys):
    written(tmp_path)
    (own,) = tmp_path.glob("02*/*.ipynb")
    own.write_text(json.dumps(nbformat.v4.new_notebook()))
    assert main(["nbgrader", str(tmp_path)]) == 0
    assert f"left alone: {own}" in capsys.readouterr().out
    assert nbformat.read(own, 4).cells == []


def test_a_folder_that_is_a_file_is_to_be_mended(tmp_path, capsys):
    (tmp_path / "source").write_text("")
    assert main(["nbgrader", str(tmp_path / "source")]) == 2
    assert "smtplab nbgrader:" in capsys.readouterr().err


def test_a_check_cell_fails_without_a_solution_and_passes_after_one():
    (path,) = (ROOT / "notebooks").glob("02*.ipynb")
    notebook = assignment(nbformat.read(path, as_version=4))
    solution, asked = [cell.source for cell in notebook.cells if "nbgrader" in cell.metadata][:2]
    assert solution == "# your lines here"
    with Sandbox("memory") as sandbox:
        names = {"check": check, "sandbox": sandbox}
        with pytest.raises(AssertionError, match="Missing: RCPT that got 503"):
            exec(asked, names)
        RIGHT["2.1"][0](sandbox)
        exec(asked, names)
