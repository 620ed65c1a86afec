"""The course's notebooks: their form, what is stored in them, and that they run twice."""

import copy
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import smtplab
from smtplab.lessons.catalogue import LESSONS
from smtplab.lessons.exam import LESSON as EXAM
from smtplab.lessons.exam import SIZE
from tests import notebook_rules as rules
from tests import restamp

ROOT = Path(__file__).parents[1]
PLAIN = ("00", "01", "02")  # the first lessons meet servers that offer little and judge nothing
PATHS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
ERRORS = ROOT / "notebooks" / "errors.ipynb"  # an appendix: no lesson, so no exercises and no quiz
ALL = [*PATHS, ERRORS]


def read(path):
    return nbformat.read(path, as_version=4)


def name(value):
    return value.name if isinstance(value, Path) else value.__name__


@pytest.mark.parametrize("rule", rules.RULES, ids=name)
@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_notebook_keeps_the_rule(path, rule):
    if (path, rule) != (ERRORS, rules.form):
        assert list(rule(read(path))) == []


def test_each_error_of_the_gallery_is_produced_explained_and_then_repaired():
    sections = re.split(r"^### ", rules.prose(read(ERRORS)), flags=re.MULTILINE)[1:]
    assert len(sections) >= 20
    assert [text.partition("\n")[0] for text in sections if "**Repair.**" not in text] == []
    words = list(rules.form(read(ERRORS)))
    assert not any("H1" in word or "heading" in word or "Shift" in word for word in words)


def test_the_gallery_has_the_errors_that_people_ask_about():
    wanted = (
        "530 5.7.0 Must issue STARTTLS|530 5.7.0 Must issue a STARTTLS", "535 5.7.8", "550 5.7.1",
        "451 4.7.1", "552 5.3.4", "421", "503", "wrong version number", "certificate verify failed",
        "Connection unexpectedly closed", "timed out", "silence", "554 5.7.1", "550 5.1.1",
        "452 4.5.3", "501 5.1.7", "555", "SMTPServerDisconnected", "SMTPNotSupportedError",
        "SMTPSenderRefused", "ENOTFOUND", "unsupported protocol", "454 4.7.0", "501 5.5.4",
        "504 5.5.2", "RENEGOTIATING", "550 5.1.8", "Too many connections", "Two recipients",
        "Return-Path", "550 5.4.4", "permerror", "Sent folder",
    )  # fmt: skip
    text = rules.prose(read(ERRORS))
    assert [one for one in wanted if not any(way in text for way in one.split("|"))] == []


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_notebook_is_valid_and_written_in_the_one_form(path):
    notebook = read(path)
    nbformat.validate(notebook)
    tidied = copy.deepcopy(notebook)
    restamp.tidy(tidied)
    assert nbformat.writes(tidied) + "\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ALL, ids=name)
def test_the_first_cell_names_lesson_and_version(path):
    first = rules.code_cells(read(path))[0].source
    number = path.stem if path == ERRORS else path.name[:2]
    assert f'begin("{number}", notebook="{smtplab.__version__}")' in first
    if path.name[:2] in PLAIN:
        assert "sandbox = Sandbox(plain=True).start()" in first
    else:
        assert re.search(r"^sandbox = Sandbox\(.*\)\.start\(\)$", first, re.MULTILINE)


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_every_exercise_and_question_of_the_lesson_is_asked_once_and_in_order(path):
    number = path.name[:2]
    sources = [cell.source for cell in rules.code_cells(read(path))]
    stubs = [source for source in sources if source.startswith(rules.STUB)]
    lesson = LESSONS[number]
    assert stubs == [
        f'{rules.STUB}\n\ncheck("{exercise.number}", sandbox)' for exercise in lesson.exercises
    ]
    text = rules.prose(read(path))
    for exercise in lesson.exercises:
        assert f"### Exercise {exercise.number}: {exercise.title}\n" in text
    asked = [source for source in sources if source.startswith(("quiz(", "exam("))]
    questions = range(1, len(lesson.questions) + 1)
    if number == EXAM:  # forty cells with a line of prose between each would bury the questions
        assert asked == [f'exam({part}, "")' for part in range(1, len(questions) // SIZE + 1)]
    else:
        assert asked == [f'quiz("{number}", {n})' for n in questions]


def test_there_is_a_notebook_for_each_lesson():
    assert [path.name[:2] for path in PATHS] == list(LESSONS)


def test_no_exercise_or_question_holds_a_banned_word():
    assert not rules.BANNED.search(repr(LESSONS))


@pytest.mark.kernel
@pytest.mark.parametrize("path", PATHS, ids=name)
def test_each_cell_runs_twice_the_stubs_stay_red_and_the_solutions_turn_green(path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = read(path)
    numbers = [exercise.number for exercise in LESSONS[path.name[:2]].exercises]
    verdicts = f"[check(n, sandbox).passed for n in {numbers}]"
    notebook.cells = [
        copy.deepcopy(cell) for cell in rules.code_cells(notebook) for _ in ("once", "twice")
    ]
    notebook.cells += [
        new_code_cell(f"print({verdicts})"),
        new_code_cell("from tests.solutions import RIGHT"),
        new_code_cell(f"for n in {numbers}: RIGHT[n][0](sandbox)"),
        new_code_cell(f"print({verdicts}, sandbox.errors)"),
    ]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"run-{number}"
    restamp.run(notebook)
    assert notebook.cells[-4].outputs[0].text == f"{[False] * len(numbers)}\n"
    assert notebook.cells[-1].outputs[0].text == f"{[True] * len(numbers)} ()\n"


@pytest.mark.kernel
def test_each_cell_of_the_gallery_runs_twice(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = read(ERRORS)
    notebook.cells = [
        copy.deepcopy(cell) for cell in rules.code_cells(notebook) for _ in ("once", "twice")
    ]
    notebook.cells.append(new_code_cell("print(sandbox.errors, sandbox.faults.rules)"))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"run-{number}"
    restamp.run(notebook)
    assert notebook.cells[-1].outputs[0].text == "() ()\n"


# The rules themselves can fail.


def _code(notebook):
    return rules.code_cells(notebook)


def _append(text):
    def spoil(notebook):
        notebook.cells[-1].source += text

    return spoil


def _two_code_cells(notebook):
    notebook.cells.append(new_code_cell("1", execution_count=99))
    notebook.cells.append(new_code_cell("2", execution_count=99))


def _long_cell(notebook):
    _code(notebook)[1].source += "\nx = 1" * rules.MAX_LINES


def _untagged(notebook):
    _code(notebook)[1].source = "client.starttls()"


def _private(notebook):
    _code(notebook)[1].source = "sandbox._world"


def _foreign_import(notebook):
    _code(notebook)[0].source = "from smtplab.sandbox.world import World"


def _late_import(notebook):
    _code(notebook)[1].source = "import os"


def _count(notebook):
    _code(notebook)[1].execution_count = None


def _no_output(notebook):
    _code(notebook)[1].outputs = []


def _live(notebook):
    _code(notebook)[1].outputs[0].data[rules.LIVE] = {}


def _address(notebook):
    _code(notebook)[1].outputs[0].data["text/plain"] = "<object at 0x7fd71c1f2910>"


def _widgets(notebook):
    notebook.metadata["widgets"] = {}


def _part_missing(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("**Minutes:**", "Time:")


SPOILT = [
    (rules.form, _append("\n\n# Second")),
    (rules.form, _append("\n\n#### Too deep")),
    (rules.form, _part_missing),
    (rules.cells, _two_code_cells),
    (rules.cells, _long_cell),
    (rules.cells, _untagged),
    (rules.words, _append(" Just so.")),
    (rules.words, _append("![](x.png)")),
    (rules.words, _append("```mermaid\n")),
    (rules.citations, _append(" RFC 5321, 4.2")),
    (
        rules.citations,
        _append("[RFC 5321, 4.2](https://www.rfc-editor.org/rfc/rfc5321#section-4.3)"),
    ),
    (rules.citations, _append("[here](https://www.rfc-editor.org/rfc/rfc5321)")),
    (rules.names, _private),
    (rules.names, _foreign_import),
    (rules.names, _late_import),
    (rules.stored, _count),
    (rules.stored, _no_output),
    (rules.stored, _live),
    (rules.stored, _address),
    (rules.stored, _widgets),
]


@pytest.mark.parametrize(
    ("rule", "spoil"), SPOILT, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_spoilt_notebook_breaks_the_rule(rule, spoil):
    notebook = read(PATHS[0])
    spoil(notebook)
    assert list(rule(notebook))


# The tool that stores the outputs.


def test_a_draft_becomes_cells_with_their_tags():
    draft = "# One\n\n```text\nno code\n```\n\n```python needs-tls\nx = 1\n```\nmore\n+++\nlast\n"
    notebook = restamp.notebook_from(draft)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        ("markdown", "# One\n\n```text\nno code\n```"),
        ("code", "x = 1"),
        ("markdown", "more"),
        ("markdown", "last"),
    ]
    assert notebook.cells[1].metadata.tags == ["needs-tls"]


def test_what_was_printed_in_pieces_is_one_text():
    """A busy machine flushes between the words and the end of a line, and at other places."""
    pieces = "for piece in ('one', '\\n', 'two\\n'): print(piece, end='', flush=True)"
    cell = new_code_cell(f"{pieces}\ndisplay(3)\nprint('four')")
    restamp.run(new_notebook(cells=[cell]))
    assert [output.get("text") for output in cell.outputs] == ["one\ntwo\n", None, "four\n"]


def test_the_version_in_the_first_cell_is_written_anew(monkeypatch):
    monkeypatch.setattr(restamp, "run", lambda notebook: None)
    monkeypatch.setattr(smtplab, "__version__", "9.9.9")
    notebook = restamp.notebook_from('```python\nbegin("00", notebook="0.0.1")\n```\n')
    restamp.restamp(notebook)
    assert notebook.cells[0].source == 'begin("00", notebook="9.9.9")'


@pytest.mark.skipif(os.name == "nt", reason="platform: no socket files")
def test_a_kernel_has_no_port_that_another_could_have_been_given():
    cell = new_code_cell("import ipykernel; print(ipykernel.get_connection_info())")
    restamp.run(new_notebook(cells=[cell]))
    assert '"transport": "ipc"' in cell.outputs[0].text
