"""The eavesdropper: the wire as a third person sees it, plain or TLS (RFC 3207, 6; RFC 7435)."""

from __future__ import annotations

from functools import partial
from typing import Any

from smtplab.client import Client
from smtplab.sandbox import Sandbox
from smtplab.transcript import Transcript
from smtplab.widgets.controls import HTML, Button, Checkbox, Dropdown, HBox, VBox
from smtplab.widgets.eavesdropper import render
from smtplab.widgets.eavesdropper.model import Care, Doors, EavesdropperModel, HandIn
from smtplab.widgets.view import View, named

LINES, OCTETS = "readable lines", "octets in hex and ASCII"


class Eavesdropper(View):
    """One connection as Eve on the wire sees it, and as client and server do.

    `connection` is a name such as "c1", or the `Client` itself, which brings its own record; left
    out, the newest. Secrets to a real server stay hidden unless `secrets` is set. In a sandbox a
    careless and a strict client can send, with an attacker who strips STARTTLS or without.
    """

    sheets = ("spoken",)

    def __init__(
        self,
        source: Sandbox | Client | Transcript,
        connection: str | Client | None = None,
        *,
        secrets: bool = False,
    ) -> None:
        super().__init__()
        self.model = EavesdropperModel(source, connection, secrets=secrets)

        # widgets
        self._bar = HTML()
        self._refresh = Button(description="Refresh", tooltip="Read on what has passed")
        self._connection = Dropdown(description="Connection")
        self._listing = False  # whether its list is being made anew
        self._look = Dropdown(options=[LINES, OCTETS], description="Show")
        self._wire = HTML()
        self._catch = HTML()
        self._door = Dropdown(options={door.value: door for door in Doors}, description="At")
        self._strips = Checkbox(description="An attacker strips STARTTLS", indent=False)
        self._send = {care: Button(description=f"A {care.value} client sends") for care in Care}
        self._compare = Button(description="All four")
        self._hand_ins = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh]))
        head = named("choices", HBox([self._connection, self._look]))
        buttons = named("buttons", HBox([*self._send.values(), self._compare]))
        attack = [named("choices", HBox([self._door, self._strips])), buttons]
        foot = named("foot", VBox(attack if self.model.sandbox is not None else []))
        wire, catch = named("wire", self._wire), named("catch", self._catch)
        after = named("fates", named("catch", self._hand_ins))
        self._frame("eavesdropper", bar, head, wire, catch, foot, self._alert, after)
        self._show()

        # connections
        self._refresh.on_click(self._guarded(self.model.refresh))
        self._connection.observe(self._on_connection, "value")
        self._look.observe(self._guarded(lambda: None), "value")
        self._door.observe(self._on_door, "value")
        self._strips.observe(self._on_strips, "value")
        for care, button in self._send.items():
            button.on_click(self._guarded(partial(self.model.hand_in, care)))
        self._compare.on_click(self._guarded(self.model.compare))

    # From code.

    def refresh(self) -> None:
        """Read on what has passed."""
        self._from_code(self.model.refresh)

    def choose(self, connection: str) -> None:
        """Look at another connection; `ValueError` lists those that there are."""
        self._from_code(lambda: self.model.choose(connection))

    def show_octets(self, on: bool = True) -> None:
        """Hex and ASCII instead of readable lines, or back."""
        self._look.value = OCTETS if on else LINES

    def hand_in(
        self, care: Care | str, *, strips: bool = False, door: Doors | None = None
    ) -> HandIn:
        """A message by a "careless" or a "strict" client; `strips` lets the attacker in.

        `LocalProtocolError` where there is no sandbox to send in.
        """
        return self._from_code(lambda: self._set(strips, door).hand_in(Care(care)))

    def compare(self, door: Doors | None = None) -> tuple[HandIn, ...]:
        """Both clients, without the attacker and with him."""
        return self._from_code(lambda: self._set(self.model.strips, door).compare())

    def _set(self, strips: bool, door: Doors | None) -> EavesdropperModel:
        self.model.strips = strips
        if door is not None and door is not self.model.door:
            self.model.choose_door(door)
        return self.model

    # What a click does.

    def _on_connection(self, change: Any) -> None:
        if self._listing:
            return  # a new list has chosen its first entry; nobody clicked
        if change["new"] is not None and change["new"] != self.model.connection:
            self._guarded(lambda: self.model.choose(change["new"]))(change)

    def _on_door(self, change: Any) -> None:
        if change["new"] is not self.model.door:
            self._guarded(lambda: self.model.choose_door(change["new"]))(change)

    def _on_strips(self, change: Any) -> None:
        if change["new"] != self.model.strips:
            self._guarded(partial(setattr, self.model, "strips", change["new"]))(change)

    # What is shown.

    def _show(self) -> None:
        model = self.model
        self._show_connections()
        self._door.value, self._strips.value = model.door, model.strips
        self._bar.value = render.bar(model)
        self._wire.value = render.wire_html(model, octets=self._octets)
        self._catch.value = render.catch_html(model)
        self._hand_ins.value = render.hand_ins_html(model)

    def _show_connections(self) -> None:
        """The list is made anew only if it changed; its value follows the model."""
        names = list(self.model.connections)
        if self.model.connection is not None and self.model.connection not in names:
            names.insert(0, self.model.connection)
        chosen, self._listing = self.model.connection, True
        if [value for _, value in self._connection.options] != names:
            self._connection.options = [(self.model.name_of(name), name) for name in names]
        self._connection.value, self._listing = chosen, False

    @property
    def _octets(self) -> bool:
        return bool(self._look.value == OCTETS)

    def static_html(self) -> str:
        return render.as_static_html(self.model, octets=self._octets)

    def static_text(self) -> str:
        return render.as_static_text(self.model, octets=self._octets)
