"""Every notebook gone through on a page of JupyterLab, section by section, as a learner does.

Every cell is run with Shift+Enter, and a button of each widget pressed once its section has run.
The first guess is typed before the reply is seen, the first exercise solved, a hint asked for, a
question answered. Page and log badge must stay quiet, on the newest stack and on Binder's oldest.
"""

import re
from pathlib import Path

import nbformat
import pytest

from smtplab.cli.course import copy_course
from smtplab.lessons.catalogue import LESSONS
from tests.browser import Watch, close, close_file_browser, open_notebook
from tests.course_hands import Notebook
from tests.lab_pages import STACKS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("lab_server", STACKS, indirect=True, scope="module"),
]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
LIVE = "application/vnd.jupyter.widget-view+json"

SOLVED = 'from tests.solutions import RIGHT\nRIGHT["{0}"][0](sandbox)\ncheck("{0}", sandbox)'
# The first cell that begins so; what its text becomes; what can be read below it then.
TYPED = (
    (r"guess = predict\(", lambda text, _: text.replace("None)", '"my guess")'), "my guess"),
    (r"# your lines here", lambda _, number: SOLVED.format(number), ": done."),
    (r"hint\(", lambda text, _: text.replace('")', '", 2)'), "hint 2 of"),
    (r"quiz\(", lambda text, _: text + '.answer("a")', "a is "),
    (r"exam\(", lambda text, _: text.replace('""', '"abcabcabca"'), " of 10"),
)
# By the class of a card: what is chosen first, and the button whose press then changes the card.
PRESSED = {
    "console": ({}, "EHLO"),
    "states": ({}, "EHLO"),
    "inbox": ({}, "Raw"),
    "ports": ({"Begin": "in plaintext, without TLS"}, "Try the message at all three"),
    "certificate": ({}, "Expired"),
    "eavesdropper": ({}, "A strict client sends"),
    "ladder": ({"Recipients": "3"}, "Send in three ways"),
    "extension_board": ({"Extension": "SIZE"}, "Run with it on and off"),
    "fault_panel": ({}, "Try it"),
    "journey": ({}, "Back"),
    "verdict": ({}, "Send"),
    "packet-stack": ({}, "Next packet"),
    "provider_card": ({}, "Produce it"),
    "part": ({}, "Start over"),
}


@pytest.fixture(scope="module")
def lab(lab_server):
    """One page of JupyterLab for all notebooks, which lie in its folder without outputs."""
    folder, url, browser = lab_server
    copy_course(NOTEBOOKS, folder, instructor=False, blank=True)
    page = browser.new_page(viewport={"width": 1366, "height": 1000})
    watch = Watch(page)
    open_notebook(page, url.format(PATHS[0].name))
    close_file_browser(page)
    yield page, watch
    close(page)


@pytest.fixture
def notebook(lab, path):
    page, watch = lab
    opened = Notebook(page, watch, path.name)
    yield opened
    opened.close()


def typed_into(cells, lesson):
    """What a learner writes into the first cell of each kind, and reads then: number -> both."""
    plan = {}
    for beginning, change, answer in TYPED if lesson else ():
        for number, cell in enumerate(cells):
            if cell.cell_type == "code" and re.match(beginning, cell.source):
                plan[number] = change(cell.source, lesson.exercises[0].number), answer
                break
    return plan


def sections(cells, stops):
    """The first and last cell of each; one in which something is typed is run by itself."""
    begin = 0
    for number, cell in enumerate(cells):
        heading = cell.cell_type == "markdown" and cell.source.startswith("#")
        if number > begin and (heading or number in stops or number - 1 in stops):
            yield begin, number - 1
            begin = number
    yield begin, len(cells) - 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_learner_goes_through_a_notebook_and_nothing_complains(notebook, path):
    cells = nbformat.read(path, as_version=4).cells
    lesson = LESSONS.get(path.name[:2])
    plan = typed_into(cells, lesson)
    assert len(plan) == (len(TYPED) - 1 if lesson else 0), "a guess, an exercise, a hint, a quiz"
    for first, last in sections(cells, plan):
        text, answer = plan.get(first, ("", ""))
        if text:
            notebook.type(first, text)
        for number, outputs in enumerate(notebook.run(first, last), first):
            assert [o for o in outputs if "ename" in o or o.get("name") == "stderr"] == []
            press_each_widget(notebook, number, outputs)
        if answer:
            notebook.says(first, answer)
    assert notebook.complaints() == []


def press_each_widget(notebook, number, outputs):
    """Every live view has come as a card of ours, and answers to one press."""
    live = sum(LIVE in output.get("data", {}) for output in outputs)
    if not live:
        return
    cards = notebook.area(number).locator(".smtplab-card")
    cards.nth(live - 1).wait_for()
    assert cards.count() == live
    for card in cards.all():
        (kind,) = PRESSED.keys() & {
            name.removeprefix("smtplab-") for name in card.get_attribute("class").split()
        }
        chosen, button = PRESSED[kind]
        for label, value in chosen.items():
            field = card.get_by_label(label, exact=True)
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
                field.press("Tab")
        notebook.press(number, card, button)
