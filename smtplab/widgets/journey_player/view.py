"""The journey player: a mail object's way from You to the Inbox, step by step (RFC 5598, 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from smtplab.sandbox import Sandbox
from smtplab.sandbox.journey import Journey
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.widgets.controls import HTML, BoundedIntText, Button, Dropdown, HBox, VBox
from smtplab.widgets.journey_player import render
from smtplab.widgets.journey_player.frames import Frame
from smtplab.widgets.journey_player.model import MOST_MINUTES, RECIPIENTS, TROUBLES, JourneyModel
from smtplab.widgets.view import View, named

STEPS = {
    "15 minutes": timedelta(minutes=15),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "5 days": timedelta(days=5),
}


class JourneyPlayer(View):
    """Play the journey of one mail object; `of` is what `sandbox.journey` takes, or a journey.

    Left out, it is the newest there is. Each sample message is really handed in.
    """

    def __init__(self, sandbox: Sandbox, of: str | StoredMail | Journey | None = None) -> None:
        super().__init__()
        self.model = JourneyModel(sandbox, of)

        # widgets
        self._bar = HTML()
        self._refresh = Button(description="Refresh", tooltip="Look again at what was recorded")
        self._stations = HTML()
        self._story = HTML()
        self._detail = HTML()
        self._note = HTML()
        self._next = Button(description="Next")
        self._back = Button(description="Back")
        self._all = Button(description="All", tooltip="Tell everything that has happened so far")
        self._open = Button(description="Open the report's journey")
        self._close = Button(description="Back to the journey it is about")
        self._to = Dropdown(
            description="To",
            options=[(f"{name}: {says}", name) for name, says in RECIPIENTS.items()],
        )
        self._trouble = Dropdown(description="Trouble", options=list(TROUBLES))
        self._send = Button(description="Send a sample message")
        self._steps = {name: Button(description=name) for name in STEPS}
        self._minutes = BoundedIntText(30, description="Minutes", min=0, max=MOST_MINUTES)
        self._advance = Button(description="Advance")

        # layout
        bar = named("bar", HBox([self._bar, self._refresh]))
        told = named("told", HBox([named("played", self._story), named("detail", self._detail)]))
        self._play = named("buttons", HBox([self._next, self._back, self._all]))
        clock = [HTML("Advance the clock"), *self._steps.values(), self._minutes, self._advance]
        foot = named(
            "foot",
            VBox(
                [
                    self._play,
                    named("buttons", HBox([self._to, self._trouble, self._send])),
                    named("buttons", HBox(clock)),
                    self._note,
                ]
            ),
        )
        self._frame("journey", bar, self._alert, named("way", self._stations), told, foot)
        self._show()

        # connections
        for button, step in (
            (self._refresh, self.model.refresh),
            (self._next, self.model.next),
            (self._back, self.model.back),
            (self._all, self.model.all),
            (self._open, self._on_open),
            (self._close, self._on_close),
            (self._send, lambda: self.model.send(self._to.value)),
            (self._advance, self._on_advance),
        ):
            button.on_click(self._guarded(step))
        for name, button in self._steps.items():
            button.on_click(self._guarded(partial(self.model.advance, STEPS[name])))
        self._trouble.observe(self._guarded(self._on_trouble), "value")

    # From code.

    def next(self) -> Frame | None:
        """Light the next frame, and return it."""
        return self._from_code(self.model.next)

    def back(self) -> Frame | None:
        """Light the frame before."""
        return self._from_code(self.model.back)

    def all(self) -> Frame | None:
        """Tell everything that has happened so far."""
        return self._from_code(self.model.all)

    def open(self, of: str | StoredMail | Journey) -> Journey:
        """Play another journey; `KeyError` lists those there are."""
        return self._from_code(lambda: self.model.open(of))

    def open_report(self) -> Journey:
        """Play the journey of the report that goes back; `LookupError` if none was told of."""
        return self._from_code(self.model.open_report)

    def close_report(self) -> Journey:
        """Play on where the report was opened; `LookupError` if none was."""
        return self._from_code(self.model.close_report)

    def send(self, recipient: str = "bob@example.net") -> Journey | None:
        """Hand in a sample message and play its journey; None if the MSA refused it."""
        return self._from_code(lambda: self.model.send(recipient))

    def advance(self, time: timedelta) -> datetime:
        """Turn the world clock; `ValueError` if it were to go back, or over 30 days."""
        return self._from_code(lambda: self.model.advance(time))

    def set_trouble(self, name: str) -> None:
        """Let something go wrong at example.net; "nothing" puts it right again."""
        if name not in TROUBLES:
            raise ValueError(f"no trouble {name!r}; there are {', '.join(TROUBLES)}")
        self._trouble.value = name

    def refresh(self) -> None:
        """Look again at what the sandbox has recorded."""
        self._from_code(self.model.refresh)

    # What a click does.

    def _on_open(self) -> None:
        self.model.open_report()
        self._next.focus()  # the button that was pressed goes away

    def _on_close(self) -> None:
        self.model.close_report()
        self._next.focus()

    def _on_advance(self) -> None:
        self.model.advance(timedelta(minutes=self._minutes.value))

    def _on_trouble(self) -> None:
        self.model.set_trouble(self._trouble.value)

    # What is shown.

    def _show(self) -> None:
        model = self.model
        self._bar.value = render.bar(model)
        self._stations.value = render.stations(model)
        self._story.value = render.story(model.told)
        self._detail.value = render.detail(model)
        self._note.value = render.noticed(model.note)
        more = [self._open] if any(one.report for one in model.told) else []
        more += [self._close] if model.is_report else []
        self._play.children = (self._next, self._back, self._all, *more)

    def __repr__(self) -> str:
        return f"<JourneyPlayer, step {self.model.position + 1} of {len(self.model.frames)}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
