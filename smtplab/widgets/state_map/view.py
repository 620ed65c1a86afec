"""The state map: the session table as a picture in which one can walk (RFC 5321, 4.1.4)."""

from __future__ import annotations

from functools import partial

from smtplab.sandbox import Sandbox
from smtplab.session import VERBS
from smtplab.step_reply import StepReply
from smtplab.widgets.console.model import ConsoleModel, Meaning
from smtplab.widgets.console.view import Console, mark
from smtplab.widgets.controls import HTML, Button, HBox, VBox, shown
from smtplab.widgets.state_map import render as state_render
from smtplab.widgets.state_map.picture import pictures
from smtplab.widgets.view import View, named


class StateMap(View):
    """Walk through the states of a session: every button sends its line, also out of order.

    Given a `Console` it shows that session, and both move together.
    """

    def __init__(
        self, of: Sandbox | Console, host: str = "smtp.example.org", port: int = 587
    ) -> None:
        super().__init__()
        if isinstance(of, Console):
            self.model, self._lock = of.model, of._lock
        else:
            self.model = ConsoleModel(of, host, port)

        # widgets
        self._bar = HTML()
        self._start_over = Button(description="Start over", tooltip="Close and connect again")
        self._picture = HTML()
        self._palette = {verb: Button(description=verb) for verb in VERBS}
        self._ready = Button(description="Send content")
        self._legend = HTML()
        self._words = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._start_over]))
        palette = named("palette", HBox([*self._palette.values(), self._ready]))
        foot = named("foot", VBox([palette, self._legend]))
        words = named("words", self._words)
        self._frame("states", bar, self._alert, self._picture, foot, words)
        self.model.followers.append(self._draw)
        self._draw()

        # connections
        self._start_over.on_click(self._guarded(self.model.start_over))
        self._ready.on_click(self._guarded(self._on_ready))
        for verb, button in self._palette.items():
            button.on_click(self._guarded(partial(self.model.press, verb)))

    # From code.

    def press(self, verb: str) -> StepReply | None:
        """Send the ready line of a verb. Raises what the panel shows."""
        reply = self._from_code(lambda: self.model.press(verb.upper()))
        if self.model.error is not None:
            raise self.model.error
        return reply

    def start_over(self) -> None:
        """Close the session and connect again."""
        self._from_code(self.model.start_over)

    def close(self) -> None:
        """Take the map off the page; a console that it shows goes on."""
        if self._draw in self.model.followers:
            self.model.followers.remove(self._draw)
        if not self.model.followers:
            self.model.close()
        super().close()

    # What a click does, and what is shown after it.

    def _on_ready(self) -> None:
        self.model.send_taken(self.model.take_draft())

    def _show(self) -> None:
        self.model.tell()

    def _draw(self) -> None:
        model = self.model
        self._bar.value = state_render.bar(model)
        visited = {move.before for move in model.way} | {move.after for move in model.way}
        self._picture.value = pictures(model.state, visited)
        for choice in model.palette:
            mark(self._palette[choice.verb], choice.line, choice.legal)
        asked = model.meaning in (Meaning.CONTENT, Meaning.RESPONSE)
        shown(self._ready, asked)
        self._ready.description = f"Send {model.meaning.value.lower()}"
        self._legend.value = state_render.legend(model)
        self._words.value = state_render.words(model)

    def __repr__(self) -> str:
        return f"<StateMap of {self.model.host} : {self.model.port}, {self.model.state.value}>"

    def static_html(self) -> str:
        return state_render.as_static_html(self.model)

    def static_text(self) -> str:
        return state_render.as_static_text(self.model)
