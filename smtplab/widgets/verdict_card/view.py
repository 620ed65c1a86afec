"""The verdict card: SPF, DKIM and DMARC step by step, and what changes them (RFC 9989, 5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from smtplab.sandbox import Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.widgets.controls import HTML, Button, Dropdown, HBox, Text, Textarea, VBox
from smtplab.widgets.verdict_card import render
from smtplab.widgets.verdict_card.model import KINDS, VerdictModel
from smtplab.widgets.verdict_card.trial import HOSTS, PLACES, RECIPIENTS
from smtplab.widgets.view import View, named

WAIT = timedelta(minutes=15)


class VerdictCard(View):
    """Why a message ended in Inbox, Junk or a refusal; `of` is a stored one, a verdict, or "r1".

    Left out, it is the newest decision of the sandbox. "Send" publishes the records that stand in
    the fields, sends the message for real, and shows the new verdict beside the last one.
    """

    def __init__(
        self, sandbox: Sandbox, of: StoredMail | DeliveryVerdict | str | None = None
    ) -> None:
        super().__init__()
        self.model = VerdictModel(sandbox, of)

        # widgets
        self._bar = HTML()
        self._newest = Button(description="Newest", tooltip="What the sandbox decided last")
        self._outcome, self._alignment, self._steps = HTML(), HTML(), HTML()
        self._comparison, self._note, self._names = HTML(), HTML(), HTML()
        self._host = Dropdown(description="Sent by", options=list(HOSTS))
        self._to = Dropdown(description="To", options=list(RECIPIENTS))
        self._author = Text(description="From", continuous_update=False)
        self._subject = Text(description="Subject", continuous_update=False)
        self._body = Textarea(description="Body", rows=2, continuous_update=False)
        self._tamper = Dropdown(
            description="Tamper", tooltip="Change one octet after signing", options=list(PLACES)
        )
        self._areas = {kind: Textarea(description=kind, rows=2) for kind in KINDS}
        self._send = Button(description="Send")
        self._publish = Button(description="Publish the records")
        self._put_back = Button(description="Put it back", tooltip="The zones as they were")
        self._wait = Button(description="Wait 15 minutes")

        # layout
        bar = named("bar", HBox([self._bar, self._newest]))
        compared = named("compared", self._comparison)
        shown = [self._outcome, self._alignment, compared, self._steps]
        message = [self._host, self._to, self._author, self._subject, self._body, self._tamper]
        buttons = [self._send, self._publish, self._put_back, self._wait]
        fields = named(
            "fields",
            HBox(
                [
                    named("message", VBox(message)),
                    named("records", VBox([self._names, *self._areas.values()])),
                ]
            ),
        )
        foot = named("foot", VBox([fields, named("buttons", HBox(buttons)), self._note]))
        self._frame("verdict", bar, self._alert, named("shown", VBox(shown)), foot)
        self._show()

        # connections
        for button, step in (
            (self._newest, self.model.newest),
            (self._send, self.model.send),
            (self._publish, self.model.publish),
            (self._put_back, self.model.put_back),
            (self._wait, self._on_wait),
        ):
            button.on_click(self._guarded(step))
        self._host.observe(self._guarded(self._on_host), "value")
        for name, field in self._message_fields():
            field.observe(self._guarded(partial(self._on_field, name, field)), "value")
        for kind, area in self._areas.items():
            area.observe(partial(self._on_record, kind), "value")

    def _message_fields(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("recipient", self._to),
            ("author", self._author),
            ("subject", self._subject),
            ("body", self._body),
            ("tamper", self._tamper),
        )

    # From code.

    def send(self, host: str | None = None, **message: str) -> DeliveryVerdict | None:
        """Send and return the verdict; `message` may hold author, subject, body, tamper, recipient.

        None if nobody decided. `ValueError` where the message cannot be sent or signed.
        """

        def step() -> DeliveryVerdict | None:
            if host is not None:
                self.model.set_host(host)
            if message:
                self.model.set_message(replace(self.model.message, **message))  # type: ignore[arg-type]
            return self.model.send()

        return self._from_code(step)

    def publish(self, **records: str) -> tuple[str, ...]:
        """Publish records, such as `publish(DMARC="v=DMARC1; p=reject")`; "" takes one away."""

        def step() -> tuple[str, ...]:
            unknown = set(records) - set(KINDS)
            if unknown:
                raise ValueError(f"no record {sorted(unknown)}; there are {', '.join(KINDS)}")
            self.model.drafts.update(records)
            return self.model.publish()

        return self._from_code(step)

    def put_back(self) -> tuple[str, ...]:
        """Every zone that was changed here as it was; returns their domains."""
        return self._from_code(self.model.put_back)

    def open(self, of: StoredMail | DeliveryVerdict | str) -> DeliveryVerdict:
        """Show another verdict; `LookupError` where nothing was decided."""
        return self._from_code(lambda: self.model.open(of))

    def newest(self) -> DeliveryVerdict | None:
        """Show what the sandbox decided last."""
        return self._from_code(self.model.newest)

    @property
    def verdict(self) -> DeliveryVerdict | None:
        """The one on the page."""
        return self.model.shown.verdict if self.model.shown is not None else None

    # What a click or a key does.

    def _on_host(self) -> None:
        if self._host.value != self.model.message.host.name:
            self.model.set_host(self._host.value)

    def _on_field(self, name: str, field: Any) -> None:
        self.model.set_message(replace(self.model.message, **{name: field.value}))

    def _on_record(self, kind: str, change: Any) -> None:
        with self._lock:
            self.model.drafts[kind] = change["new"]

    def _on_wait(self) -> None:
        self.model.wait(WAIT)

    # What is shown.

    def _show(self) -> None:
        model = self.model
        self._bar.value = render.bar(model.shown)
        self._outcome.value = render.outcome(model.shown)
        self._alignment.value = render.alignment(model.shown)
        self._steps.value = render.steps(model.shown)
        self._comparison.value = render.comparison(model)
        self._note.value = render.noticed(model.note)
        self._names.value = render.names(model)
        self._host.value = model.message.host.name
        for name, field in self._message_fields():
            field.value = getattr(model.message, name)
        for kind, area in self._areas.items():
            area.value = model.drafts[kind]

    def __repr__(self) -> str:
        return f"<VerdictCard of {self.verdict!r}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)
