"""The drawer under the console: both ends, tokens, scripts, undo; empty until first opened."""

from __future__ import annotations

from smtplab.tokens import TakenApart
from smtplab.widgets import pieces
from smtplab.widgets.console.conversation import Row
from smtplab.widgets.console.director import Director
from smtplab.widgets.console.gloss import gloss, taken_apart
from smtplab.widgets.console.model import ConsoleModel
from smtplab.widgets.console.scripts import SCRIPTS
from smtplab.widgets.controls import (
    HTML,
    Button,
    Dropdown,
    HBox,
    IntText,
    ToggleButton,
    VBox,
    shown,
)
from smtplab.widgets.view import named


class Drawer:
    """Second things of the console; a view of its own only in its layout."""

    def __init__(self, model: ConsoleModel) -> None:
        self._model, self.director = model, Director(model)
        self.secrets = False

        # widgets
        self.open = ToggleButton(description="More", tooltip="Both ends, grammar, scripts, undo")
        self.both_ends = _toggle("Both ends", "The server's state and the client's, line by line")
        self.marks = _toggle("CR LF and dots", "Ends of lines, doubled dots, the end of mail data")
        self.marks.value = True
        self.apart = _toggle("Take a line apart", "Each token with its grammar rule and section")
        self.line = IntText(description="Line (0: newest)")
        self.undo = Button(description="Undo the last step")
        self._why = HTML()
        names = [script.name for script in SCRIPTS]
        self.script = Dropdown(description="Script", options=names)
        self.load = Button(description="Connect and begin")
        self.play = Button(description="Next line")
        self.rest = Button(description="Run the rest")
        self._next = HTML()
        self.tokens = HTML()

        # layout
        looks = HBox([self.both_ends, self.marks, self.apart, self.line])
        script = HBox([self.script, self.load, self.play, self.rest])
        back = HBox([self.undo, self._why])
        self._inside = (looks, script, self._next, back)
        self.view = named("drawer", VBox())
        named("apart", self.tokens)

    def show(self) -> None:
        """Bring it up to date; what is folded away costs next to nothing, nor does it at first."""
        model = self._model
        if self.open.value:
            self.view.children = self._inside
        shown(self.view, self.open.value)
        shown(self.tokens, self.apart.value)
        if self.apart.value:
            self.tokens.value = self._gloss()
        if not self.open.value:
            return
        shown(self.line, self.apart.value)
        line = self.director.next_line
        self.play.disabled = self.rest.disabled = line is None
        self._next.value = pieces.legend(_told(model, line))
        self.undo.disabled = bool(self.director.why_no_undo)
        self._why.value = pieces.legend(self.director.why_no_undo or _UNDO)

    def taken_apart(self) -> list[tuple[Row, TakenApart]]:
        """The exchange that the field asks for, for the static forms; secrets stay hidden."""
        try:
            return taken_apart(self._model.conversation.exchange(self.line.value))
        except LookupError:
            return []

    def _gloss(self) -> str:
        try:
            rows = self._model.conversation.exchange(self.line.value)
        except LookupError as error:
            return pieces.legend(str(error.args[0]))
        return gloss(rows, secrets=self.secrets)


_UNDO = "A sandbox that hears the same steps again, but the last, takes the place of this one."


def _told(model: ConsoleModel, line: str | None) -> str:
    """What the next step of the script would send."""
    if model.playing is None:
        return "A script is a whole conversation, step by step; each line is really sent."
    name = model.playing.script.name
    if line is None:
        return f"{name}: at its end."
    return f"{name}, {model.playing.told}. Next: {line}"


def _toggle(description: str, tooltip: str) -> ToggleButton:
    return ToggleButton(description=description, tooltip=tooltip)
