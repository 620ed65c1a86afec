"""The packet stack: one line of a conversation inside TCP, IP and a frame of the network.

RFC 1122 names the layers; the packets are those of the capture file, octet by octet.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from smtplab.widgets import pieces
from smtplab.widgets.controls import HTML, Button, Dropdown, HBox, Select, VBox
from smtplab.widgets.packet_stack import render
from smtplab.widgets.packet_stack.layers import Field, Frame, Layer
from smtplab.widgets.packet_stack.model import PacketModel, model_of
from smtplab.widgets.view import View, named

_NO_FIELD = "none: choose a field to mark its octets"


class PacketStack(View):
    """Choose a packet and see what each layer adds to it; save the connection as pcapng.

    `what` is a client, a transcript or a sandbox: its newest connection, or the one by name.
    `ValueError` if that one is not whole any more.
    """

    def __init__(self, what: object, connection: str | None = None) -> None:
        super().__init__()
        self.model: PacketModel = model_of(what, connection)
        self._drawn: tuple[int, int] = (-1, -1)  # how many packets there were, and from which
        self._is_showing = False

        # widgets
        self._bar = HTML()
        self._refresh_button = Button(description="Refresh", tooltip="Take what happened since")
        self._packets = Select(description="Packet", rows=9)
        self._earlier = Button(description="Show earlier packets")
        self._later = Button(description="Show later packets")
        # In JupyterLab the arrow keys move from cell to cell even inside a list, so each list has
        # two buttons for those who use no mouse.
        self._packet_steps = _steps("packet")
        self._stack = HTML()
        self._fields = Dropdown(description="Field")
        self._field_steps = _steps("field")
        self._told = HTML()
        self._octets = named("octets", HTML())
        self._more = HTML()
        self._link = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh_button]))
        self._list = named("foot", VBox())
        self._turn = named("turn", HBox(self._packet_steps))
        field = VBox([self._fields, named("turn", HBox(self._field_steps))])
        body = VBox([self._alert, self._stack, field, self._told, self._octets, self._more])
        self._frame(
            "packet-stack", bar, self._list, named("packet-body", body), named("foot", self._link)
        )
        self._show()

        # connections
        self._refresh_button.on_click(self._guarded(self.model.refresh))
        self._earlier.on_click(self._guarded(self.model.show_earlier))
        self._later.on_click(self._guarded(self.model.show_later))
        for by, packet, field_step in zip(
            (-1, 1), self._packet_steps, self._field_steps, strict=True
        ):
            packet.on_click(self._guarded(partial(self.model.step, by)))
            field_step.on_click(self._guarded(partial(self.model.step_field, by)))
        self._packets.observe(self._on_packet, "value")
        self._fields.observe(self._on_field, "value")

    # From code.

    def choose(self, packet: int | str) -> Frame:
        """Choose a packet by number, or the first that carries a line which begins so."""
        number = self.model.find(packet) if isinstance(packet, str) else packet
        self._from_code(lambda: self.model.choose(number))
        return self.model.frame

    def mark(self, name: str) -> Field:
        """Mark a field's octets, such as "Destination port"; `ValueError` lists the fields."""
        names = [field.name for _, field in self.model.frame.fields]
        if name not in names:
            raise ValueError(f"no field {name!r} here; there are {', '.join(names)}")
        self._from_code(lambda: setattr(self.model, "field", names.index(name)))
        return self.model.frame.fields[names.index(name)][1]

    def refresh(self) -> None:
        """Take the packets that came since the last look."""
        self._from_code(self.model.refresh)

    def save(self, path: str | Path) -> Path:
        """Write the connection as a pcapng file for Wireshark; returns its path."""
        file = Path(path)
        file.write_bytes(self.model.capture())
        return file

    # What a choice does.

    def _on_packet(self, change: Any) -> None:
        if not self._is_showing and change["new"] is not None:
            self._guarded(lambda: self.model.choose(change["new"]))(change)

    def _on_field(self, change: Any) -> None:
        if not self._is_showing and change["new"] is not None:
            self._guarded(lambda: setattr(self.model, "field", change["new"]))(change)

    def _show(self) -> None:
        """While the lists are filled, their own messages are not taken for a choice."""
        self._is_showing = True
        try:
            self._show_all()
        finally:
            self._is_showing = False

    def _show_all(self) -> None:
        model, frame = self.model, self.model.frame
        self._bar.value = pieces.title("Packet stack") + pieces.chips(render.facts(model))
        self._show_list()
        choices = [(render.field_option(*pair), n) for n, pair in enumerate(frame.fields)]
        self._fields.options = [(_NO_FIELD, -1), *choices]
        self._fields.value = model.field
        chosen = frame.fields[model.field] if model.field >= 0 else None
        self._stack.value = render.stack(frame)
        self._told.value = _told(chosen)
        self._octets.value = render.octets(frame, chosen[1] if chosen else None)
        self._more.value = (
            f"<details><summary>What each layer is for, and all fields</summary>"
            f"{render.tasks(frame)}{render.fields(frame)}</details>"
            + pieces.legend(render.about(model))
        )

    def _show_list(self) -> None:
        model = self.model
        if self._drawn != (len(model.packets), model.shown_from):
            self._drawn = len(model.packets), model.shown_from
            self._packets.options = [(render.option(one), one.number) for one in model.listed]
            older = (self._earlier,) if model.shown_from else ()
            newer = (self._later,) if model.has_later else ()
            self._list.children = (*older, self._packets, *newer, self._turn)
            self._link.value = render.link(model)
        self._packets.value = model.packet.number if model.packet in model.listed else None

    def __repr__(self) -> str:
        return f"<PacketStack: {', '.join(render.facts(self.model))}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)


def _steps(what: str) -> tuple[Button, Button]:
    return Button(description=f"Previous {what}"), Button(description=f"Next {what}")


def _told(chosen: tuple[Layer, Field] | None) -> str:
    return render.field_told(*chosen) if chosen else ""
