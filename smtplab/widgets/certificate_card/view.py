"""The certificate card: what TLS with a server came to, and what a bad certificate does.

RFC 5280 (certificates), RFC 9525 (names in them), RFC 3207 (STARTTLS), RFC 8996 (old versions).
"""

from __future__ import annotations

from functools import partial

from smtplab.sandbox import Sandbox
from smtplab.widgets import pieces
from smtplab.widgets.certificate_card import render
from smtplab.widgets.certificate_card.model import TRIALS, CertificateModel, Outcome, model_of
from smtplab.widgets.controls import HTML, Button, HBox, VBox
from smtplab.widgets.view import View, named


class CertificateCard(View):
    """Show the certificate chain of a session, and try good and bad ones for real.

    `what` is a client, its `tls_report`, or a host's name. Trials want a sandbox: a host's name
    starts one if none is given.
    """

    def __init__(self, what: object = "smtp.example.org", sandbox: Sandbox | None = None) -> None:
        super().__init__()
        self.model: CertificateModel = model_of(what, sandbox)

        # widgets
        self._bar = HTML()
        self._buttons = {trial.name: Button(description=_label(trial.name)) for trial in TRIALS}
        self._legend = HTML()
        self._outcome = HTML()
        self._card = HTML()

        # layout
        row = named("trials", HBox(list(self._buttons.values())))
        trials = (row, self._legend) if self.model.can_try else (self._legend,)
        body = named("certificate-body", VBox([self._alert, self._outcome, self._card]))
        self._frame(
            "certificate", named("bar", HBox([self._bar])), named("foot", VBox(trials)), body
        )
        self._show()

        # connections
        for name, button in self._buttons.items():
            button.on_click(self._guarded(partial(self.model.attempt, name)))

    def attempt(self, name: str) -> Outcome:
        """Try one, such as "expired": connect for real; the error is in the outcome, not raised."""
        return self._from_code(lambda: self.model.attempt(name))

    def _show(self) -> None:
        model = self.model
        place = f"Certificate of {model.host}" + (f" : {model.port}" if model.port else "")
        self._bar.value = pieces.title(place) + pieces.chips(render.facts(model))
        self._legend.value = pieces.legend(render.ASK if model.can_try else render.NO_SANDBOX)
        self._outcome.value = render.outcome_html(model.outcome)
        self._card.value = render.card(model)
        tried = model.outcome.trial.name if model.outcome is not None else ""
        for name, button in self._buttons.items():
            button._dom_classes = ("smtplab-tried",) if name == tried else ()
            button.tooltip = "Tried last" if name == tried else "Connect for real"

    def __repr__(self) -> str:
        return f"<CertificateCard of {self.model.host}>"

    def static_html(self) -> str:
        return render.as_static_html(self.model)

    def static_text(self) -> str:
        return render.as_static_text(self.model)


def _label(name: str) -> str:
    return name[:1].upper() + name[1:]
