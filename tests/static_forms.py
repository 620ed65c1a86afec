"""Every widget as a page without a kernel has it, and what GitHub leaves of that.

GitHub shows a notebook's HTML without styles, drawings and ARIA. Its own filter is not published;
the allow-list below is that of html-pipeline, which GitHub began and used, without the attributes
`class`, `style`, `title`, `role` and `aria-*`, so that no meaning can hang on them.
"""

from contextlib import chdir
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import nh3
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.every_card import CASES, SETUP
from tests.hostile import find_buttons

_TAGS = (
    "a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span "
    "strike strong sub summary sup table tbody td tfoot th thead time tr tt ul var wbr"
)
_ATTRIBUTES = {
    "*": set("align colspan datetime dir lang open rowspan scope start type value width".split()),
    "a": {"href"},
    "img": {"src"},
}
_INLINE = frozenset(
    "a abbr b bdo cite code del dfn em i ins kbd mark q s samp small span strike strong sub sup "
    "time tt var".split()
)
# The row is looked at: a mark has no number, and a content has lines with nothing in them.
_MAY_BE_EMPTY = frozenset(("td", "th", "code"))


def stored(folder: Path) -> dict[str, dict[str, str]]:
    """What each widget leaves in a notebook, by name, after its button was pressed."""
    names: dict[str, object] = {}
    found = {}
    with chdir(folder):
        exec(SETUP.replace("Sandbox()", "Sandbox('memory')"), names)
        for case in CASES:
            exec(f"card = {case.make}", names)
            card = names["card"]
            find_buttons(card.view, case.press)[0].click()  # type: ignore[attr-defined]
            found[case.name] = card._repr_mimebundle_()  # type: ignore[attr-defined]
            card.close()  # type: ignore[attr-defined]
    names["sandbox"].stop()  # type: ignore[attr-defined]
    return found


def notebook_of(bundles: dict[str, dict[str, str]]) -> nbformat.NotebookNode:
    """A notebook with one cell for each widget; nobody signed it."""
    cells = []
    for name, bundle in bundles.items():
        cell = new_code_cell(name, execution_count=1)
        cell.outputs = [new_output("execute_result", bundle, execution_count=1)]
        cells.append(cell)
    return new_notebook(cells=cells)


def as_github_shows(html: str) -> str:
    """The HTML after a filter of the strictest kind."""
    return nh3.clean(
        html,
        tags=set(_TAGS.split()),
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "svg", "iframe"},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


class Look(HTMLParser):
    """What a page without styles makes of HTML: its words, what runs together, what is empty."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.run_together: list[str] = []
        self.empty: list[str] = []
        self.tags: list[str] = []
        self._open: list[tuple[str, int]] = []  # with the number of words before
        self._before, self._is_seam = "", False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._seam(tag)
        if tag not in ("br", "wbr", "hr", "img"):
            self._open.append((tag, len(self.words)))

    def handle_endtag(self, tag):
        self._seam(tag)
        while self._open:
            opened, words = self._open.pop()
            if words == len(self.words) and opened not in _MAY_BE_EMPTY:
                self.empty.append(f"<{opened}> at {self.getpos()}")
            if opened == tag:
                break

    def handle_data(self, data):
        seam = f"{self._before[-20:]}|{data[:20]}"
        if self._is_seam and self._before[-1:].isalnum() and data[:1].isalnum():
            self.run_together.append(seam)
        self.words += data.split()
        self._before, self._is_seam = data, False

    def _seam(self, tag: str) -> None:
        if tag in _INLINE:
            self._is_seam = True
        elif tag != "wbr":  # a word goes on behind it
            self._before = ""
