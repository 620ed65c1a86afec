"""A whole conversation in the console, by mouse and by keyboard, in a real browser."""

import os
from pathlib import Path

import pytest

from tests.browser import (
    THEMES,
    Watch,
    close,
    close_file_browser,
    open_and_run,
    use_theme,
)
from tests.lab_pages import KERNEL

pytestmark = pytest.mark.browser
nbformat = pytest.importorskip("nbformat")

ROOT = Path(__file__).resolve().parents[1]

CELL = """from smtplab import Console, Sandbox

sandbox = Sandbox().start()
console = Console(sandbox)
console"""
EVIDENCE = "[mail.content.decode() for mail in sandbox.inbox('bob@example.net')]"

# What is done, and how the last reply begins then.
WHOLE = [
    ("EHLO", "250-smtp.example.org greets laptop.example.org"),
    ("STARTTLS", "220 2.0.0"),
    ("EHLO", "250-smtp.example.org greets laptop.example.org"),
    ("AUTH", "235 2.7.0"),
    ("MAIL", "250 2.1.0"),
    ("RCPT", "250 2.1.5"),
    ("MAIL", "503 5.5.1"),
    ("DATA", "354 "),
]
TYPED = [
    ("EHLO laptop.example.org", "250-smtp.example.org"),
    ("STARTTLS", "220 2.0.0"),
    ("EHLO laptop.example.org", "250-smtp.example.org"),
    ("AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGxvb2tpbmctZ2xhc3M=", "235 2.7.0"),
    ("MAIL FROM:<alice@example.org>", "250 2.1.0"),
    ("RCPT TO:<bob@example.net>", "250 2.1.5"),
    ("DATA", "354 "),
]

_RUN_SECOND_CELL = """() => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
  window.jupyterapp.commands.execute('notebook:run-cell');
}"""
_ALL_HAVE_RUN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .every(cell => cell.model.executionState !== 'running')"""
_LAST_REPLY_BEGINS = """([count, text]) => {
  const rows = document.querySelectorAll('.smtplab-console .smtplab-row.smtplab-s');
  return rows.length === count && rows[count - 1].querySelector('code').textContent
    .startsWith(text);
}"""


class Page:
    """The console on the page, as somebody in front of it uses it."""

    def __init__(self, page) -> None:
        self.page = page
        self.console = page.locator(".smtplab-console").first
        self.console.wait_for()
        self.console.scroll_into_view_if_needed()
        self.replies = 1
        self.expect("220 smtp.example.org")

    def expect(self, beginning: str) -> None:
        """Wait until the newest reply on the page begins so."""
        self.page.wait_for_function(_LAST_REPLY_BEGINS, arg=[self.replies, beginning])

    def button(self, name: str):
        return self.console.get_by_role("button", name=name, exact=True)

    @property
    def field(self):
        return self.console.locator("textarea")

    def press(self, name: str, beginning: str) -> None:
        self.button(name).click()
        self.replies += 1
        self.expect(beginning)

    def start_over(self) -> None:
        self.button("Start over").click()
        self.replies = 1
        self.expect("220 smtp.example.org")


@pytest.fixture(scope="module")
def lab(lab_server):
    """JupyterLab with a small notebook, and the course's own ones beside it."""
    folder, url, browser = lab_server
    cells = [nbformat.v4.new_code_cell(CELL), nbformat.v4.new_code_cell(EVIDENCE)]
    small = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    nbformat.write(small, folder / "small.ipynb")
    for course in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        (folder / course.name).write_bytes(course.read_bytes())
    return url, browser


@pytest.fixture
def shots(tmp_path):
    folder = Path(os.environ.get("SMTPLAB_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(lab):
    """Opens a notebook and runs it; afterwards the page must have been quiet."""
    url, browser = lab
    watches, pages = [], []

    def open_(name: str):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        pages.append(page)
        watches.append(Watch(page))
        open_and_run(page, url.format(name))
        return page

    yield open_
    said = [error for watch in watches for error in watch.errors]  # closing makes errors of its own
    for page in pages:
        close(page)
    assert said == []
    assert not any(watch.outside for watch in watches), "something outside loopback was asked for"


def test_a_whole_conversation_by_mouse_in_light_and_dark(opened, shots):
    page = opened("small.ipynb")
    console = Page(page)
    close_file_browser(page)
    for verb, beginning in WHOLE[:-1]:
        console.press(verb, beginning)
    explanation = console.console.locator(".smtplab-explanation")
    explanation.get_by_text("permanent refusal").wait_for()
    assert "RFC 5321, 4.1.4" in explanation.inner_text()
    for theme in THEMES:
        use_theme(page, theme)
        console.console.screenshot(path=shots / f"console-{theme}.png")
    use_theme(page, "light")
    console.press(*WHOLE[-1])
    page.wait_for_function("() => document.activeElement.value?.startsWith('From: Alice')")
    console.console.screenshot(path=shots / "content-light.png")
    console.press("Send content", "250 2.0.0 Queued")
    console.press("QUIT", "221 2.0.0")
    assert "session closed" in console.console.locator(".smtplab-bar").inner_text()
    console.start_over()
    console.press("EHLO", "250-smtp")


def test_a_whole_conversation_by_keyboard_alone(opened, shots):
    page = opened("small.ipynb")
    console = Page(page)
    keys = page.keyboard
    console.field.focus()
    for line, beginning in TYPED:
        keys.type(line)  # without a pause, faster than the kernel listens
        keys.press("Enter")
        console.replies += 1
        console.expect(beginning)
        assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    page.wait_for_function("() => document.activeElement.value.startsWith('From: Alice')")
    keys.press("Control+End")
    keys.type(".typed by hand\n")
    page.wait_for_function("() => document.activeElement.value.endsWith('by hand\\n')")
    keys.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Send content"
    console.console.screenshot(path=shots / "focus-light.png")
    keys.press("Enter")
    console.replies += 1
    console.expect("250 2.0.0 Queued")
    shown = console.console.locator(".smtplab-log").inner_text()
    assert "AUTH PLAIN ********" in shown and "..typed by hand" in shown
    keys.press("Shift+Tab")
    keys.type("QUIT\n")
    console.replies += 1
    console.expect("221 2.0.0")
    page.evaluate(_RUN_SECOND_CELL)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea-output pre')]"
        ".some(e => e.textContent.includes('.typed by hand'))"
    )


def test_tab_reaches_every_control_in_reading_order(opened):
    page = opened("small.ipynb")
    console = Page(page)
    console.button("Show secrets").focus()
    seen = []
    for _ in range(22):
        seen.append(
            page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label')"
                " || e.textContent || e.title || e.tagName; }"
            )
        )
        page.keyboard.press("Tab")
    assert seen[:2] == ["Show secrets", "Start over"]
    assert seen[2].startswith("Conversation")
    assert seen[3].startswith("Explanation")
    assert seen[4:7] == ["EHLO", "HELO", "STARTTLS"] and seen[17] == "QUIT"
    assert seen[18:21] == ["INPUT", "TEXTAREA", "Send command"]
    console.button("EHLO").focus()
    page.keyboard.press("Space")
    console.replies += 1
    console.expect("250-smtp")
    assert page.evaluate("() => document.activeElement.textContent") == "EHLO"


@pytest.mark.parametrize("width", [460, 700, 1600])
def test_nothing_is_cut_off_at_any_width(opened, shots, width):
    page = opened("small.ipynb")
    page.set_viewport_size({"width": width, "height": 1300})
    close_file_browser(page)
    console = Page(page)
    for verb, beginning in WHOLE[:-1]:
        console.press(verb, beginning)
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.smtplab-console, .smtplab-console *')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0"
        " && getComputedStyle(e).display !== 'inline')"
        ".map(e => `${e.className || e.tagName} ${e.scrollWidth}/${e.clientWidth}`)"
    )
    console.console.screenshot(path=shots / f"console-{width}.png")
    assert cut == []
    newest = console.console.locator(".smtplab-s").last.bounding_box()
    frame = console.console.locator(".smtplab-log").bounding_box()
    assert newest["y"] + newest["height"] <= frame["y"] + frame["height"] + 1, "newest in sight"


def test_axe_finds_nothing_to_object_to_in_either_theme(opened, node_module):
    axe = Path(node_module("axe-core")) / "axe-core" / "axe.min.js"
    page = opened("small.ipynb")
    console = Page(page)
    page.evaluate(axe.read_text(encoding="utf-8"))
    found: list[tuple[object, ...]] = []

    def judge(moment):
        for theme in THEMES:
            use_theme(page, theme)
            result = page.evaluate("() => axe.run('.smtplab-console')")
            assert result["passes"], "axe looked at nothing"
            found.extend(
                (moment, theme, v["id"], v["nodes"][0]["html"]) for v in result["violations"]
            )

    judge("greeting")
    for verb, beginning in WHOLE:
        console.press(verb, beginning)
    console.button("RSET").click()
    page.wait_for_selector("text=Not sent as a command")
    judge("notice and content")
    assert found == []


def test_the_console_of_lesson_02_replies_to_a_click(opened, lab):
    lessons = sorted((ROOT / "notebooks").glob("02*.ipynb"))
    if not lessons:
        pytest.skip("lesson 02 is not written yet")
    page = opened(lessons[0].name)
    console = page.locator(".smtplab-console").first
    console.wait_for(state="attached")
    page.wait_for_function(_ALL_HAVE_RUN)
    console.evaluate("element => element.scrollIntoView()")  # cells out of sight are not drawn
    console.get_by_role("button", name="Start over").click()
    console.locator(".smtplab-lit", has_text="220 mx.example.net").wait_for()
    console.get_by_role("button", name="EHLO", exact=True).click()
    console.locator(".smtplab-lit", has_text="250-mx.example.net greets").wait_for()
