"""Where Python has no TLS, as in a browser tab: a cell that needs it shows what it shows elsewhere.

The evidence is what the lesson's own notebook has stored under a cell with the tag `needs-tls`. It
belongs to that cell and its very text: what a learner has changed runs as anywhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from types import TracebackType
from typing import Any

from smtplab.lessons.card import Card

Outputs = tuple[dict[str, Any], ...]
Place = tuple[str, str]  # the id of a cell, and its source

TAG = "needs-tls"
STUB = "# your lines here"  # how the cell of an exercise begins

NO_TLS = "There is no TLS in a browser tab"
STOPPED = f"{NO_TLS}, so this cell cannot run to its end here. With TLS it shows:"
SILENT = f"{NO_TLS}, so this cell cannot run to its end here. It would show nothing; go on."
RAN = f"{NO_TLS}. Recorded with TLS, this cell shows:"
EXERCISE = (
    f"{NO_TLS}. Where the exercise needs it, do it in the course that is installed on a computer."
)


@dataclass(frozen=True, repr=False)
class Recorded:
    """The stored outputs of a cell, under a sentence that says why they are shown."""

    sentence: str
    outputs: Outputs = ()

    def __repr__(self) -> str:
        return f"{Card(self.sentence)}\n" + "".join(map(_text, self.outputs))

    def _repr_html_(self) -> str:
        """Folded up where the cell could run: its own output stands above."""
        head = f"<b>{escape(self.sentence)}</b>"
        if not self.outputs:
            return f"<p>{head}</p>"
        unfolded = " open" if self.sentence == STOPPED else ""
        body = "".join(map(_html, self.outputs))
        return f"<details{unfolded}><summary>{head}</summary>{body}</details>"


def _text(output: dict[str, Any]) -> str:
    """The plain text of a stored output: what was printed, or what the last line is."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return text if isinstance(text, str) else "".join(text)


def _html(output: dict[str, Any]) -> str:
    page = output.get("data", {}).get("text/html", "")
    return "".join(page) if page else f"<pre>{escape(_text(output))}</pre>"


class Playback:
    """Watches each cell of a notebook, and shows the evidence where TLS was wanted."""

    def __init__(self, shell: Any) -> None:
        self.evidence: dict[Place, Outputs] = {}
        self._shell = shell
        self._now: Place = ("", "")
        shell.events.register("pre_run_cell", self._begins)
        shell.events.register("post_run_cell", self._has_run)
        shell.set_custom_exc((Exception,), self._stopped)

    def _begins(self, info: Any) -> None:
        self._now = (info.cell_id or _cell_id(self._shell), info.raw_cell.strip())

    def _has_run(self, result: Any) -> None:
        outputs = self.evidence.get(self._now)
        if outputs and result.success:
            shown = Recorded(EXERCISE) if self._now[1].startswith(STUB) else Recorded(RAN, outputs)
            self._display(shown)

    def _stopped(
        self, shell: Any, kind: type, error: Exception, where: TracebackType, tb_offset: Any = None
    ) -> None:
        outputs = self.evidence.get(self._now)
        if outputs is None:
            shell.showtraceback((kind, error, where), tb_offset=tb_offset)
        else:
            self._display(Recorded(STOPPED if outputs else SILENT, outputs))

    def _display(self, shown: Recorded) -> None:
        from IPython.display import display

        display(shown)  # type: ignore[no-untyped-call, unused-ignore]


def _cell_id(shell: Any) -> str:
    """The id of the running cell as the front end names it, for a kernel that keeps it back."""
    message: dict[str, Any] = shell.kernel.get_parent()
    return str(message.get("metadata", {}).get("cellId", ""))


@cache
def _playback(shell: Any) -> Playback:
    return Playback(shell)


def play_back(lesson: str) -> None:
    """From the next cell on, show the evidence of this lesson."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        _playback(shell).evidence.update(evidence_of(lesson))


def evidence_of(lesson: str) -> dict[Place, Outputs]:
    """The stored outputs of each cell of a lesson that needs TLS; none where no notebook is."""
    folder = files("smtplab") / "notebooks"
    if not folder.is_dir():
        return {}
    found = [file for file in folder.iterdir() if file.name.startswith(lesson)]
    cells = [cell for file in found for cell in json.loads(file.read_text("utf-8"))["cells"]]
    return {
        (cell["id"], "".join(cell["source"]).strip()): tuple(cell["outputs"])
        for cell in cells
        if TAG in cell["metadata"].get("tags", ())
    }
