"""What every widget shares: its frame, a lock on each step, errors in sight, its static forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from threading import RLock
from typing import Any, TypeVar

from comm import DummyComm
from ipywidgets import DOMWidget, Widget

from smtplab.errors import SMTPLabError
from smtplab.transcript.rendering import TOP_LEFT
from smtplab.widgets.controls import HTML, VBox
from smtplab.widgets.pieces import notice

_T = TypeVar("_T")
_D = TypeVar("_D", bound=DOMWidget)
_LIVE = "application/vnd.jupyter.widget-view+json"


class View:
    """One card on the page: a view on a model that knows no front end.

    A subclass builds its widgets, hands them to `_frame()`, connects each to `_guarded(step)`, and
    writes `_show()`, `static_html()` and `static_text()`. Steps are locked one behind the other,
    because clicks may arrive on a second thread while a cell runs.
    """

    view: VBox
    sheets: tuple[str, ...] = ()
    """The style sheets that it shares with some cards, beyond the theme of all."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._alert = HTML()  # what went wrong in the last step; empty if nothing did

    def _frame(self, name: str, *parts: Widget) -> None:
        """Lay out the card. `name` is its class on the page and, with .css, its own style sheet."""
        sheets = "".join(map(css, ("theme", *self.sheets, name)))
        style = HTML(f"<style>{sheets}</style>")
        self.view = named(name, named("card", VBox([style, *parts])))

    # What a subclass writes.

    def _show(self) -> None:
        """Bring the page up to date with the model; costs what is new, not what is there."""
        raise NotImplementedError

    def static_html(self) -> str:
        """The meaning in plain tags, for a page that strips styles."""
        raise NotImplementedError

    def static_text(self) -> str:
        """The meaning in plain text."""
        raise NotImplementedError

    # Steps, and what is shown after each.

    def _guarded(self, step: Callable[[], object]) -> Callable[[object], None]:
        """A callback that shows whatever goes wrong: nobody sees an error that it raises."""

        def callback(_: object) -> None:
            with self._lock:
                self._alert.value = ""
                try:
                    step()
                except KeyboardInterrupt:
                    self._fail("Interrupted", "The step was stopped. Press Start over.")
                except SMTPLabError as error:  # the other side's doing, or the learner's
                    self._fail("This step came to an end", str(error))
                except Exception as error:  # a border
                    self._fail("A fault inside smtplab", f"{type(error).__name__}: {error}")
                self._show()

        return callback

    def _from_code(self, step: Callable[[], _T]) -> _T:
        """The same step for a caller, who gets its result or its error."""
        with self._lock:
            self._alert.value = ""
            try:
                return step()
            finally:
                self._show()

    def _fail(self, headline: str, text: str) -> None:
        self._alert.value = notice(headline, text)

    def close(self) -> None:
        """Take the card off the page and free its widgets; its static forms remain."""
        _close(self.view)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, object]:
        """The live view where a front end is, and always HTML and text that need none."""
        bundle: dict[str, object] = {
            "text/plain": self.static_text(),
            "text/html": at_the_left(self.static_html()),
        }
        if (name := self.view.model_id) and not isinstance(self.view.comm, DummyComm):
            view = {"version_major": 2, "version_minor": 0, "model_id": name}
            bundle[_LIVE] = view
        return bundle


def at_the_left(html: str) -> str:
    """Our HTML with cells that begin at the left and top: notebooks set tables for numbers.

    >>> at_the_left("<tr><td>C</td></tr>")
    '<tr><td style="text-align:left;vertical-align:top">C</td></tr>'
    """
    return re.sub(r"<(td|th)(?=[ >])(?![^>]* style=)", rf"<\1 {TOP_LEFT}", html)


def _close(widget: Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()


def named(name: str, widget: _D) -> _D:
    """The widget with the class `smtplab-NAME`, for the style sheets and the tests."""
    widget.add_class(f"smtplab-{name}")
    return widget


def css(name: str) -> str:
    """A style sheet of this package; "" where a view needs none beyond the theme."""
    file = files(__package__).joinpath("styles", f"{name}.css")
    return file.read_text(encoding="utf-8") if file.is_file() else ""
