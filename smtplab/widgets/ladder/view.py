"""The ladder: a session or a whole journey as a sequence diagram, round trips counted (RFC 5321).

Beside it the same mail in three ways: step by step, pipelined (RFC 2920), with BDAT (RFC 3030).
"""

from __future__ import annotations

from smtplab.sandbox import Sandbox
from smtplab.widgets import pieces
from smtplab.widgets.controls import HTML, BoundedIntText, Button, HBox, VBox
from smtplab.widgets.ladder import render, ways_render
from smtplab.widgets.ladder.model import LONGEST_LATENCY, LadderModel, model_of
from smtplab.widgets.ladder.ways import MOST_RECIPIENTS, Way, send_three_ways
from smtplab.widgets.view import View, named


class Ladder(View):
    """Draw what passed between two hosts, and what it would cost over a long line.

    `what` is a client, a transcript or a sandbox (the newest connection, or the one by name), or
    a journey, which wants its `sandbox` too.
    """

    def __init__(
        self, what: object, connection: str | None = None, *, sandbox: Sandbox | None = None
    ) -> None:
        super().__init__()
        self.model: LadderModel = model_of(what, connection, sandbox)
        self.ways: tuple[Way, ...] = ()  # of the last comparison
        self._compared = 0  # recipients

        # widgets
        self._bar = HTML()
        self._refresh_button = Button(description="Refresh", tooltip="Draw what happened since")
        self._latency = BoundedIntText(
            description="Latency (ms, there and back)",
            min=0, max=LONGEST_LATENCY, value=self.model.latency,
        )  # fmt: skip
        self._earlier = Button(description="Show earlier arrows")
        self._drawing = HTML()
        self._told = HTML()
        self._recipients = BoundedIntText(
            description="Recipients", min=1, max=MOST_RECIPIENTS, value=5
        )
        self._compare_button = Button(
            description="Send in three ways", tooltip="In a sandbox of its own"
        )
        self._waterfall = HTML()

        # layout
        bar = named("bar", HBox([self._bar, self._refresh_button]))
        self._body = named("ladder-body", VBox([self._alert, self._drawing, self._told]))
        latency = named("numbers", HBox([self._latency]))
        compare = named("numbers", HBox([self._recipients, self._compare_button]))
        self._frame(
            "ladder", bar, named("foot", latency), self._body,
            named("foot", VBox([compare, HTML(pieces.legend(ways_render.WHY))])),
            named("ladder-body", self._waterfall),
        )  # fmt: skip
        self._show()

        # connections
        self._refresh_button.on_click(self._guarded(self.model.refresh))
        self._earlier.on_click(self._guarded(self.model.show_earlier))
        self._latency.observe(self._guarded(self._on_latency), "value")
        self._compare_button.on_click(self._guarded(self._on_compare))

    # From code.

    def refresh(self) -> None:
        """Draw what happened since the last look."""
        self._from_code(self.model.refresh)

    def show_earlier(self) -> None:
        """Draw some older arrows, too."""
        self._from_code(self.model.show_earlier)

    def set_latency(self, milliseconds: int) -> None:
        """Set the latency of one round trip; `ValueError` outside 0 to 60,000."""
        if not 0 <= milliseconds <= LONGEST_LATENCY:
            raise ValueError(f"a latency is 0 to {LONGEST_LATENCY} ms, not {milliseconds}")
        self._latency.value = milliseconds

    def compare(self, recipients: int) -> tuple[Way, ...]:
        """Send one mail in three ways, for real, and show how often the client waited."""
        return self._from_code(lambda: self._compare(recipients))

    @property
    def round_trips(self) -> int:
        """How often the client waited for the other end."""
        return self.model.round_trips

    @property
    def total(self) -> float:
        """Milliseconds that these round trips would take at the latency that is set."""
        return self.model.total

    # What a click does.

    def _on_latency(self) -> None:
        self.model.latency = self._latency.value

    def _on_compare(self) -> None:
        self._compare(self._recipients.value)

    def _compare(self, recipients: int) -> tuple[Way, ...]:
        self.ways = send_three_ways(recipients)
        self._compared = self._recipients.value = recipients
        return self.ways

    def _show(self) -> None:
        model = self.model
        self._bar.value = pieces.title("Ladder") + pieces.chips(render.facts(model))
        self._drawing.value = render.drawing(model)
        self._told.value = (
            pieces.legend(render.HOW_TO_READ)
            + f"<p>{pieces.safe(render.in_words(model))}</p>"
            + pieces.legend(render.VIRTUAL)
            + f"<details><summary>The same as a table</summary>{render.table(model)}</details>"
        )
        parts = (
            self._alert,
            *([self._earlier] if model.earlier else []),
            self._drawing,
            self._told,
        )
        if self._body.children != parts:
            self._body.children = parts
        self._waterfall.value = self._compared_html()

    def _compared_html(self) -> str:
        if not self.ways:
            return ""
        latency = self.model.latency
        words = ways_render.in_words(self.ways, self._compared, latency)
        return (
            ways_render.waterfall(self.ways, self._compared, latency)
            + f"<p>{pieces.safe(words)}</p>"
            + ways_render.table(self.ways, self._compared, latency)
        )

    def __repr__(self) -> str:
        return f"<Ladder: {', '.join(render.facts(self.model))}>"

    def static_html(self) -> str:
        model = self.model
        facts = " · ".join(pieces.safe(fact) for fact in render.facts(model))
        parts = [
            f"<p><strong>Ladder</strong> · {facts}</p><p>{pieces.safe(render.in_words(model))}</p>",
            render.table(model),
        ]
        if self.ways:
            parts.append(ways_render.table(self.ways, self._compared, model.latency))
        return "".join(parts)

    def static_text(self) -> str:
        parts = [render.as_text(self.model)]
        if self.ways:
            parts.append(ways_render.in_words(self.ways, self._compared, self.model.latency))
        return "\n".join(parts)
