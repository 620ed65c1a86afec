"""Speed in a real JupyterLab: from the page to a first reply, from a click to the reply in the
page, and a card's first render."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.benchmarks.measure import Runs, report, timed
from tests.browser import chromium, close, close_file_browser, jupyterlab, open_and_run
from tests.every_card import CASES, SETUP
from tests.kernels import NOTEBOOKS
from tests.lab_pages import KERNEL
from tests.lite_page import HAS_REPLIED
from tests.tools import find_tool

LESSON = "00-start-here.ipynb"
FIRST_REPLY = 10  # seconds that it may take from the page
ROUNDS = 41  # clicks on each; the first warms up
RENDERS = 5  # of each card
FEW, MANY = 10, 10_000  # recorded lines
MOST = 1.3  # times a bare button
FIRST_RENDER = 100  # milliseconds that a card may take

# A bare button that changes a label, and two consoles; each has a class of its own on the page.
PAGE = f"""from ipywidgets import Button, Label, VBox
from smtplab import Console, Sandbox

bare, label, clicks = Button(description="NOOP"), Label("0"), []
def clicked(_):
    clicks.append(1)
    label.value = str(len(clicks))
bare.on_click(clicked)
label.add_class("reply")
few, many = Console(Sandbox().start()), Console(Sandbox().start())
for _ in range({MANY // 2}):
    many.model.send("NOOP")
for _ in range({FEW // 2}):
    few.send("NOOP")
many.refresh()
for name, view in (("few", few.view), ("many", many.view)):
    view.add_class(name)
VBox([VBox([bare, label]).add_class("bare"), few.view, many.view])"""

# Clicks NOOP in one of them; the milliseconds until its newest reply (or the label) is another.
_CLICK = """name => new Promise(done => {
  const card = document.querySelector('.' + name);
  const button = [...card.querySelectorAll('button')].find(b => b.textContent === 'NOOP');
  const newest = () => name === 'bare' ? card.querySelector('.reply').textContent
    : [...card.querySelectorAll('.smtplab-row.smtplab-s')].pop();
  const before = newest();
  const watch = new MutationObserver(() => {
    if (newest() === before || newest() === undefined) return;
    watch.disconnect();
    done(performance.now() - begin);
  });
  watch.observe(card, {subtree: true, childList: true, characterData: true});
  const begin = performance.now();
  button.click();
})"""

# What else the notebook of the first renders has: how many controls a card is made of, and as many
# bare ones of ipywidgets in a box, which is the least that so many take.
RENDERING = f"""{SETUP}
from types import SimpleNamespace
from ipywidgets import Button, VBox

def parts(widget):
    return 1 + sum(map(parts, getattr(widget, "children", ())))
def bare(number):
    return SimpleNamespace(view=VBox([Button(description="NOOP") for _ in range(number - 1)]))"""

# Empties a cell and runs it; the milliseconds until all parts of its card are in the page and drawn
# there. Where the card stands is asked once, when all is there: each answer costs a layout.
_RENDER = """([code, selector]) => new Promise((done, fail) => {
  const panel = window.jupyterapp.shell.currentWidget;
  const commands = window.jupyterapp.commands;
  panel.content.activeCellIndex = 1;
  panel.content.activeCell.model.sharedModel.setSource(code);
  const all_there = () => {
    const card = document.querySelector(selector);
    return card && card.querySelectorAll('.jupyter-widgets').length + 1
      >= Number(card.className.match(/parts-(\\d+)/)[1]) && card.getBoundingClientRect().height;
  };
  const after_a_frame = then => requestAnimationFrame(() => setTimeout(then));
  let begin;
  const watch = new MutationObserver(() => {
    if (!all_there()) return;
    watch.disconnect();
    after_a_frame(() => done(performance.now() - begin));
  });
  const run = () => {
    watch.observe(panel.node, {subtree: true, childList: true, attributes: true});
    begin = performance.now();
    commands.execute('notebook:run-cell');
  };
  setTimeout(() => fail(new Error(selector + ' was not drawn within 30 s')), 30000);
  commands.execute('notebook:clear-cell-output').then(() => after_a_frame(run));
})"""


def in_browser() -> None:
    """All figures, or a line that says why they were left out."""
    executable = find_tool("chromium")
    if executable is None:
        print("    left out: all that needs a browser; there is no Chromium here")
        return
    with _lab(executable) as (folder, url, browser):
        first_reply(folder, url, browser)
        page = _opened(browser, url, folder, "clicks", (PAGE, "'ready'"))
        page.locator(".many .smtplab-row.smtplab-s").last.wait_for(state="attached")
        clicks(page)
        close(page)
        page = _opened(browser, url, folder, "renders", (RENDERING, "'ready'"))
        renders(page)
        close(page)


def first_reply(folder: Path, url: str, browser: Any) -> None:
    """From lesson 00's address to what a server said, as a learner has it after `smtplab lab`."""
    shutil.copy(NOTEBOOKS / LESSON, folder)
    page = browser.new_page()

    def opened_and_run() -> None:
        open_and_run(page, url.format(LESSON))
        page.wait_for_function(HAS_REPLIED)

    seconds = timed(opened_and_run)
    close(page)
    what = "in JupyterLab: from the page to a server's reply"
    report(what, f"{seconds:.1f} s", f"under {FIRST_REPLY} s", seconds < FIRST_REPLY)


def clicks(page: Any) -> None:
    """A console's step against a bare button of ipywidgets, in turn on one page."""
    names = ("bare", "few", "many")
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for name in names:
            took = page.evaluate(_CLICK, name)
            if number:
                times[name].append(took)
    runs = Runs(times)
    for name, lines in (("few", FEW), ("many", MANY)):
        ratio = runs.ratio(name, "bare")
        figure = f"{runs.median(name):.1f} ms, ratio {ratio:.2f}"
        report(f"click to reply at {lines:,} lines", figure, f"at most {MOST:.2f}", ratio <= MOST)


def renders(page: Any) -> None:
    """From running a cell to its card in the page, beyond what a bare button takes there.

    Beside each stands a bare box with as many buttons as the card has controls.
    """
    _quickest(page, "warm", "bare(2)", "card.view")
    none = _quickest(page, "one", "bare(2)", "card.view")
    slow = []
    for case in CASES:
        took = _quickest(page, case.name, case.make, "card") - none
        number = _parts(page, case.name)
        box = _quickest(page, f"box-{case.name}", f"bare({number})", "card.view") - none
        print(f"    {case.name}: {took:.0f} ms; {number} bare controls: {box:.0f} ms")
        slow += [case.name] if took >= FIRST_RENDER else []
    figure = f"{len(CASES) - len(slow)} of {len(CASES)}"
    report("first renders", figure, f"all under {FIRST_RENDER} ms", not slow)


def _quickest(page: Any, name: str, make: str, shown: str) -> float:
    """The shortest of some runs, as the machine does other things too."""
    taken = []
    for number in range(RENDERS):
        one = f"{name}-{number}"
        marks = f"add_class({one!r}).add_class(f'parts-{{parts(card.view)}}')"
        code = f"card = {make}\n_ = card.view.{marks}\n{shown}"
        taken.append(page.evaluate(_RENDER, [code, f".{one}"]))
    return min(taken)


def _parts(page: Any, name: str) -> int:
    """Of how many controls the card is made that was shown last."""
    classes = page.locator(f".{name}-{RENDERS - 1}").get_attribute("class")
    return int(re.findall(r"parts-(\d+)", classes)[0])


@contextmanager
def _lab(executable: str) -> Iterator[tuple[Path, str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "notebooks", Path(name) / "home"
        folder.mkdir()
        home.mkdir()
        with jupyterlab(folder, home) as url, chromium(executable) as browser:
            yield folder, url, browser


def _opened(browser: Any, url: str, folder: Path, name: str, cells: tuple[str, ...]) -> Any:
    """A page on a new notebook whose cells have run."""
    cells_of_it = list(map(new_code_cell, cells))
    notebook = new_notebook(cells=cells_of_it, metadata={"kernelspec": KERNEL})
    nbformat.write(notebook, folder / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 4000})
    open_and_run(page, url.format(f"{name}.ipynb"))
    close_file_browser(page)
    page.get_by_text("'ready'", exact=True).last.wait_for()
    return page
