"""The lesson parts in a real JupyterLab: every button, the keyboard, themes, widths, a file."""

import zipfile

import pytest

from tests.lab_pages import cut_off

pytestmark = pytest.mark.browser

CARDS = """\
from pathlib import Path
from smtplab import ExerciseCard, PredictGate, Progress, QuizCard, Sandbox, StartOver
from smtplab.lessons import fresh_session
from smtplab.lessons.progress import ProgressFile
sandbox = Sandbox(plain=True).start()
gate = PredictGate(sandbox, "Which reply code does DATA get right after EHLO?",
    ["EHLO laptop.example.org", "DATA"],
    {"250": "250 ends a step that is done. DATA has no content yet.",
     "354": "354 asks for the content. Nobody has named a recipient yet, so it cannot come now.",
     "503": "A good command at a wrong moment: MAIL and RCPT have to come before DATA."})
cards = dict(gate=gate, exercise=ExerciseCard("2.1", sandbox), quiz=QuizCard("02"),
    start=StartOver(sandbox), progress=Progress(ProgressFile(Path("kept.json")), Path.cwd()))
for name, card in cards.items():
    card.view.add_class("test-" + name)
"""
SHOWN = [f"cards[{name!r}]" for name in ("gate", "exercise", "quiz", "start", "progress")]
SOLVED = """\
fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org",
    "RCPT TO:<bob@example.net>", "MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.net>")
"""
ALL = [f".test-{name}" for name in ("gate", "exercise", "quiz", "start", "progress")]


def button(page, card, name):
    return page.locator(f".test-{card}").get_by_role("button", name=name, exact=True)


def says(page, card, text):
    page.locator(f".test-{card}", has_text=text).first.wait_for()


def test_every_button_of_every_part_does_what_it_says(lab_page, lab_server, pictures, axe):
    page = lab_page(CARDS, *SHOWN)
    says(page, "progress", "The course")
    for selector in ALL:
        pictures(page, selector, f"{selector[6:]}-before")

    # Predict, by the keyboard only: a code that has no button, then again, then an option.
    field = page.locator(".test-gate input")
    field.scroll_into_view_if_needed()
    for digit in "502":  # each by itself: a page that still scrolls may take the focus away
        field.press(digit)
    field.press("Tab")
    button(page, "gate", "Guess").press("Space")
    says(page, "gate", "you said 502, it was 503")
    button(page, "gate", "Guess again").press("Enter")
    says(page, "gate", "nothing is sent yet")
    button(page, "gate", "354").press("Enter")
    says(page, "gate", "you said 354, it was 503")
    page.locator(".test-gate summary").press("Enter")
    says(page, "gate", "connects to mx.example.net")

    button(page, "exercise", "Check").click()
    says(page, "exercise", "not yet: 0 of 2 steps seen")
    for n in (1, 2, 3):
        button(page, "exercise", f"Hint {n} of 3").click()
    button(page, "exercise", "No more hints").wait_for()

    button(page, "quiz", "a").click()
    says(page, "quiz", "not the one, your choice")
    button(page, "quiz", "b").click()
    says(page, "quiz", "1 of 5 answered right")

    button(page, "start", "Start over").click()
    says(page, "start", "started over once")

    button(page, "progress", "Download my work").click()
    with page.expect_download() as download:
        page.locator(".test-progress a").click()
    saved = download.value.path()
    with zipfile.ZipFile(saved) as archive:
        assert "smtplab-progress.json" in archive.namelist()
        assert any(name.endswith(".ipynb") for name in archive.namelist())
    with page.expect_file_chooser() as chooser:
        page.locator(".test-progress .widget-upload").click()
    chooser.value.set_files(
        {"name": "work.zip", "mimeType": "application/zip", "buffer": saved.read_bytes()}
    )
    says(page, "progress", "Loaded: ")
    assert list(lab_server[0].glob("*.loaded*")) == [], "nothing differed"
    button(page, "progress", "Refresh").click()
    button(page, "progress", "Start over").click()
    says(page, "progress", "Press once more")

    for selector in ALL:
        pictures(page, selector, f"{selector[6:]}-after")
        assert axe(page, selector) == []

    button(page, "progress", "Yes, forget it").click()
    says(page, "progress", "is forgotten")
    button(page, "quiz", "Next question").click()
    button(page, "quiz", "Previous question").click()
    button(page, "quiz", "Start over").click()
    says(page, "quiz", "0 of 5 answered right")
    button(page, "gate", "Guess again").click()
    field.fill("5")
    button(page, "gate", "Guess").click()
    says(page, "gate", "A reply code is three digits")


@pytest.mark.parametrize("width", [460, 700, 1280])
def test_nothing_is_cut_off_and_a_solved_exercise_reads_as_done(lab_page, pictures, width):
    steps = "gate.guess(354); cards['exercise'].hint(); cards['exercise'].check()"
    answers = "cards['quiz'].answer('a'); cards['progress'].download(); cards['start'].press()"
    page = lab_page(CARDS, SOLVED, steps, answers, *SHOWN, width=width)
    says(page, "exercise", "What you learnt")
    says(page, "progress", "Save smtplab-work.zip")
    for selector in ALL:
        assert cut_off(page, selector) == [], selector
        pictures(page, selector, f"{selector[6:]}-{width}")
