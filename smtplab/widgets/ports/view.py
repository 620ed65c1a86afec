"""Three doors of a mail server, 25, 465 and 587, and what is behind each (RFC 8314; RFC 6409)."""

from __future__ import annotations

from functools import partial
from typing import Any

from smtplab.sandbox import Sandbox
from smtplab.widgets.controls import HTML, Button, Dropdown, HBox, VBox
from smtplab.widgets.ports import render
from smtplab.widgets.ports.model import (
    EXCHANGE,
    PORTS,
    PROVIDER,
    Opening,
    PortsModel,
    Trial,
)
from smtplab.widgets.view import View, named

_RELAYS = {
    f"{PROVIDER}, Alice's provider": PROVIDER,
    f"{EXCHANGE}, Bob's provider": EXCHANGE,
}


class Ports(View):
    """Look behind the three doors, and try the same message at each of them."""

    sheets = ("spoken",)

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.model = PortsModel(sandbox)

        # widgets
        self._bar = HTML()
        self._refresh = Button(description="Look again", tooltip="A new session at each door")
        self._looks = HTML()
        self._relay = Dropdown(options=_RELAYS, description="Port 25 of")
        self._opening = Dropdown(options={one.value: one for one in Opening}, description="Begin")
        self._all = Button(description="Try the message at all three")
        self._one = {port: Button(description=f"Only at {port}") for port in PORTS}
        self._trials = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh]))
        choices = named("choices", HBox([self._relay, self._opening]))
        buttons = named("buttons", HBox([named("send", self._all), *self._one.values()]))
        foot = named("foot", VBox([choices, buttons]))
        self._frame("ports", bar, self._looks, foot, self._alert, self._trials)
        self._show()

        # connections
        self._refresh.on_click(self._guarded(self.model.look))
        self._relay.observe(self._on_relay, "value")
        self._opening.observe(self._on_opening, "value")
        self._all.on_click(self._guarded(self.model.try_all))
        for port, button in self._one.items():
            button.on_click(self._guarded(partial(self.model.try_door, port)))

    # From code.

    def look(self) -> None:
        """Look behind each door again."""
        self._from_code(self.model.look)

    def try_all(self, opening: Opening | str = Opening.AS_MEANT) -> tuple[Trial, ...]:
        """The message at every door; `opening` is one of `Opening`, or its text."""
        return self._from_code(lambda: self._opened(opening).try_all())

    def try_door(self, port: int, opening: Opening | str = Opening.AS_MEANT) -> Trial:
        """The message at one door; `ValueError` if it is none of the three."""
        return self._from_code(lambda: self._opened(opening).try_door(port))

    def choose_relay(self, host: str) -> None:
        """Whose port 25 it is: smtp.example.org or mx.example.net."""
        self._from_code(lambda: self.model.choose_relay(host))

    def _opened(self, opening: Opening | str) -> PortsModel:
        self.model.opening = Opening(opening)
        return self.model

    # What a click does.

    def _on_relay(self, change: Any) -> None:
        if change["new"] != self.model.relay:
            self._guarded(lambda: self.model.choose_relay(change["new"]))(change)

    def _on_opening(self, change: Any) -> None:
        self.model.opening = change["new"]

    # What is shown.

    def _show(self) -> None:
        self._relay.value = self.model.relay
        self._opening.value = self.model.opening
        self._bar.value = render.bar(self.model)
        self._looks.value = render.looks_html(self.model)
        self._trials.value = render.trials_html(self.model)

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
