"""The service extensions of a server: what EHLO offers when, and what for (RFC 5321, 2.2)."""

from __future__ import annotations

from functools import partial
from typing import Any

from smtplab.sandbox import Sandbox
from smtplab.widgets.controls import HTML, Button, Checkbox, Dropdown, HBox, VBox
from smtplab.widgets.extension_board import render
from smtplab.widgets.extension_board.demonstrations import DEMOS
from smtplab.widgets.extension_board.model import BoardModel, Demonstration
from smtplab.widgets.pieces import legend
from smtplab.widgets.view import View, named

_SWITCHES = "Switches at the server. The next session meets them; look at the table above."


class ExtensionBoard(View):
    """What a server offers before TLS, after it and signed in, and what each extension is for."""

    sheets = ("spoken",)

    def __init__(self, sandbox: Sandbox, host: str = "smtp.example.org", port: int = 587) -> None:
        super().__init__()
        self.model = BoardModel(sandbox, host, port)

        # widgets
        self._bar = HTML()
        self._refresh = Button(description="Look again", tooltip="A new session, three times EHLO")
        self._board = HTML()
        self._switch = {
            keyword: Checkbox(description=keyword, indent=False, value=self.model.is_on(keyword))
            for keyword in DEMOS
        }
        self._keyword = Dropdown(options=list(DEMOS), description="Extension")
        self._run = Button(description="Run with it on and off")
        self._demonstration = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh]))
        board = named("board", self._board)
        switches = named("switches", HBox(list(self._switch.values())))
        choice = named("buttons", HBox([self._keyword, named("send", self._run)]))
        foot = named("foot", VBox([HTML(legend(_SWITCHES)), switches, choice]))
        self._frame("extension_board", bar, board, foot, self._alert, self._demonstration)
        self._show()

        # connections
        self._refresh.on_click(self._guarded(self.model.look))
        for keyword, switch in self._switch.items():
            switch.observe(partial(self._on_switch, keyword), "value")
        self._run.on_click(self._guarded(lambda: self.model.demonstrate(self._keyword.value)))

    # From code.

    def look(self) -> None:
        """Ask EHLO again at each stage."""
        self._from_code(self.model.look)

    def switch(self, keyword: str, on: bool) -> None:
        """Switch an extension of the host on or off; `KeyError` lists those that there are."""
        self._from_code(lambda: self.model.turn(keyword.upper(), on))

    def demonstrate(self, keyword: str) -> Demonstration:
        """The same conversation with the extension on and off, side by side."""
        return self._from_code(lambda: self.model.demonstrate(keyword.upper()))

    # What a click does.

    def _on_switch(self, keyword: str, change: Any) -> None:
        if change["new"] != self.model.is_on(keyword):
            self._guarded(lambda: self.model.turn(keyword, change["new"]))(change)

    # What is shown.

    def _show(self) -> None:
        self._bar.value = render.bar(self.model)
        self._board.value = render.board_html(self.model)
        for keyword, switch in self._switch.items():
            switch.value = self.model.is_on(keyword)
        if self.model.shown is not None:
            self._keyword.value = self.model.shown.keyword
        self._demonstration.value = render.demonstration_html(self.model.shown)

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
