"""The provider card: what a service asks for, offers, limits and refuses, live in the sandbox."""

from __future__ import annotations

from smtplab.sandbox import Sandbox
from smtplab.transcript import Event
from smtplab.widgets.controls import HTML, Button, Dropdown, HBox
from smtplab.widgets.provider_card import render
from smtplab.widgets.provider_card.model import ProviderModel
from smtplab.widgets.view import View, named


class ProviderCard(View):
    """One of six services, as its public pages describe it: a host of the sandbox plays it.

    Each fact has the page and the day it was read; what has none is marked illustrative.
    """

    sheets = ("spoken",)

    def __init__(self, sandbox: Sandbox, name: str = "gmail") -> None:
        super().__init__()
        self.model = ProviderModel(sandbox, name)
        self._showing = False

        # widgets
        self._bar = HTML()
        titles = [(profile.title, key) for key, profile in sandbox.profiles.items()]
        self._provider = Dropdown(description="Provider", options=titles)
        self._look = Button(description="Ask again", tooltip="Send EHLO to its host once more")
        self._facts = HTML()  # settings, keywords, limits
        self._refusals = HTML()
        self._refusal = Dropdown(description="Refusal")
        self._produce = Button(description="Produce it", tooltip="Meet this refusal live")
        self._met = HTML()
        self._sources = HTML()
        self._drawn = ""  # the service whose refusals stand there

        # layout
        bar = named("bar", HBox([self._bar, self._provider, self._look]))
        refusals = named("refusals", self._refusals)
        turn = named("buttons", HBox([self._refusal, named("send", self._produce)]))
        met, sources = named("met", self._met), named("sources", self._sources)
        parts = [named("facts", self._facts), refusals, turn, self._alert, met, sources]
        self._frame("provider_card", bar, *parts)
        self._show()

        # connections
        self._provider.observe(self._guarded(self._on_provider), "value")
        self._look.on_click(self._guarded(self.model.look))
        self._produce.on_click(self._guarded(lambda: self.model.produce(self._refusal.value)))

    # From code.

    def choose(self, name: str) -> None:
        """Show another provider; `LocalProtocolError` lists those there are."""
        self._from_code(lambda: self.model.choose(name))

    def produce(self, refusal: str) -> tuple[Event, ...]:
        """Provoke a refusal, such as "wrong-password"; returns what the client saw."""
        return self._from_code(lambda: self.model.produce(refusal))

    # What a click does.

    def _on_provider(self) -> None:
        if not self._showing and self._provider.value != self.model.service.name:
            self.model.choose(self._provider.value)

    # What is shown.

    def _show(self) -> None:
        if self._showing:  # setting the chooser calls back
            return
        model = self.model
        self._showing = True
        try:
            self._provider.value = model.service.name
        finally:
            self._showing = False
        self._bar.value = render.bar(model)
        self._facts.value = render.facts(model)
        if self._drawn != model.service.name:
            self._drawn = model.service.name
            self._sources.value = render.sources(model)
            self._refusal.options = choices = render.choices(model)
            self._refusal.value = choices[0][1]
        if model.refusal is not None:
            self._refusal.value = model.refusal.name
        self._refusals.value = render.refusals(model.service, model.refusal)
        self._met.value = render.met(model)

    def __repr__(self) -> str:
        return f"<ProviderCard of {self.model.service.title}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
