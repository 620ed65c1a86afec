"""Fixtures for tests of widgets: one JupyterLab, cells on a page of it, what every card must keep.

A test file that uses them sets `pytestmark = pytest.mark.browser`. `SMTPLAB_SCREENSHOTS=FOLDER`
keeps the pictures. `SMTPLAB_STACK=oldest` runs any of them on the oldest JupyterLab of Binder; one
file does so by itself with `@pytest.mark.parametrize("lab_server", STACKS, indirect=True)`.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.browser import (
    THEMES,
    Watch,
    chromium,
    close,
    close_file_browser,
    jupyterlab,
    open_and_run,
    use_theme,
)
from tests.tools import missing

STACKS = ("newest", "oldest")
"""The packages of this environment, and those of `SMTPLAB_OLDEST_PYTHON`, which .ci/run makes."""

KERNEL = {"name": "python3", "display_name": "Python 3"}

_CUT_OFF = """selector => [...document.querySelectorAll(`${selector}, ${selector} *`)]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && !['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
    && getComputedStyle(e).display !== 'inline' && !e.closest('svg'))
  .map(e => `${e.className || e.tagName} ${e.scrollWidth}/${e.clientWidth}`)"""


@pytest.fixture(scope="module")  # no longer: an event loop runs until Playwright ends
def lab_server(tool, tmp_path_factory, request):
    """JupyterLab and Chromium: the folder it opens, the URL of a notebook in it, the browser."""
    executable = tool("chromium")
    python = _python_of(getattr(request, "param", os.environ.get("SMTPLAB_STACK", "newest")))
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    with jupyterlab(folder, home, python) as url, chromium(executable) as browser:
        yield folder, url, browser


def _python_of(stack: str) -> str:
    """The interpreter whose packages make up one of `STACKS`."""
    assert stack in STACKS, f"SMTPLAB_STACK is one of {STACKS}, not {stack!r}"
    if stack == "newest":
        return sys.executable
    return os.environ.get("SMTPLAB_OLDEST_PYTHON") or missing(
        "the oldest JupyterLab", "set SMTPLAB_OLDEST_PYTHON as .ci/run does"
    )


@pytest.fixture
def lab_page(lab_server, request):
    """`lab_page(cell, cell, ...)` runs these cells and gives the page, with the whole width.

    `width` is the window's in pixels. Afterwards the page must have been quiet: no error in its
    console, nothing asked from outside loopback.
    """
    # Here, because it takes a second and conftest.py is read by tests that want no browser, too.
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    folder, url, browser = lab_server
    opened: list = []

    def open_(*cells, width=1280):
        name = f"{request.node.originalname}-{len(opened)}.ipynb"
        notebook = new_notebook(cells=list(map(new_code_cell, cells)), metadata=_METADATA)
        nbformat.write(notebook, folder / name)
        page = browser.new_page(viewport={"width": width, "height": 1200})
        opened.append((page, Watch(page)))
        open_and_run(page, url.format(name))
        close_file_browser(page)
        return page

    yield open_
    watches = [watch for _, watch in opened]
    said = [error for watch in watches for error in watch.errors]  # closing makes errors of its own
    for page, _ in opened:
        close(page)
    assert not said, said
    assert not any(watch.outside for watch in watches), "something outside loopback was asked for"


_METADATA = {"kernelspec": KERNEL}


@pytest.fixture
def kept_in(tmp_path):
    """The folder for pictures."""
    folder = Path(os.environ.get("SMTPLAB_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def pictures(kept_in):
    """`pictures(page, ".smtplab-ports", "ports")` takes one of the card in every theme."""

    def take(page, selector, name):
        for theme in THEMES:
            use_theme(page, theme)
            page.locator(selector).first.screenshot(path=kept_in / f"{name}-{theme}.png")
        use_theme(page, "light")

    return take


@pytest.fixture
def axe(node_module):
    """`axe(page, ".smtplab-ports")` is the list of what axe-core objects to, in every theme."""
    script = (Path(node_module("axe-core")) / "axe-core" / "axe.min.js").read_text("utf-8")

    def judge(page, selector):
        page.evaluate(script)
        found = []
        for theme in THEMES:
            use_theme(page, theme)
            result = page.evaluate("selector => axe.run(selector)", selector)
            assert result["passes"], "axe looked at nothing"
            found += [(theme, v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
        use_theme(page, "light")
        return found

    return judge


def cut_off(page, selector):
    """The elements of a card that are wider than their place and cannot be scrolled."""
    return page.evaluate(_CUT_OFF, selector)


def broken_words(page, selector):
    """Words and dates of short cells and labels that begin on one line and end on the next."""
    return page.evaluate(_BROKEN, selector)


_BROKEN = """selector => {
  const found = [], lines = range => new Set(
    [...range.getClientRects()].filter(one => one.width).map(one => Math.round(one.top))).size;
  const texts = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, owner = text.parentElement;
    const clipped = getComputedStyle(owner.closest('thead') || owner).clipPath !== 'none';
    if (owner.textContent.trim().length > 30 || clipped || !owner.checkVisibility()
      || owner.closest('style, svg, select, textarea')) continue;
    for (const word of text.data.matchAll(
      /\\d{4}-\\d\\d-\\d\\d[T\\d:.Z]*|[\\p{L}\\p{N}_.@?!:;,']+/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (lines(range) > 1) found.push(word[0]);
    }
  }
  return found;
}"""


def one_further(page, field):
    """By keyboard only: open a list, choose the next, and still have the focus.

    JupyterLab keeps the arrow keys of a closed list for itself, to go from cell to cell.
    """
    field.focus()
    chosen = field.evaluate("list => list.selectedIndex")
    for key in ("Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    field.evaluate(_BECOMES, chosen + 1)
    assert field.evaluate("list => list === document.activeElement")


_BECOMES = """(list, wanted) => new Promise((done, fail) => {
  const look = () => list.selectedIndex === wanted ? done() : requestAnimationFrame(look);
  setTimeout(() => fail(new Error('the list did not go on')), 30000);
  look();
})"""


def logged(page):
    """What stands in JupyterLab's log badge, which nobody reads: empty if nothing was logged."""
    return page.locator(".jp-LogConsoleStatusItem").first.text_content()
