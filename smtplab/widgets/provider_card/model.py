"""The provider card without its window: a profile, its EHLO keywords live, the last refusal."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from smtplab.client import Client
from smtplab.errors import SMTPLabError
from smtplab.reference.profiles import NAMES, Fact, Profile, profile
from smtplab.sandbox import Sandbox
from smtplab.transcript import Event
from smtplab.widgets.provider_card.provocations import Attempt, provoke

IMPLICIT, STARTTLS = "implicit", "starttls"


@dataclass(frozen=True)
class Keywords:
    """What the profile's host offered, as its replies to EHLO said."""

    port: str
    before: tuple[str, ...]  # before TLS; empty where TLS begins at once
    inside: tuple[str, ...]  # inside TLS; empty where there is none
    trouble: str = ""  # what ended the session before the keywords were known


class ProviderModel:
    """One profile, alive in the sandbox."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.choose(name)

    @property
    def names(self) -> tuple[str, ...]:
        return NAMES

    def choose(self, name: str) -> None:
        """Another provider; `LocalProtocolError` lists those there are."""
        self.service: Profile = profile(name)
        self.sandbox.start()
        self.sandbox.add_host(name)
        self.refusal: Fact | None = None
        self.met: tuple[Event, ...] = ()  # what the client saw that was refused
        self.look()

    def look(self) -> None:
        """Ask the host once more what it offers; a session that fails is told in `keywords`."""
        try:
            self._ask()
        except SMTPLabError as error:  # faults are set, or the host does not speak SMTP
            self.keywords = Keywords("?", (), (), str(error))

    def _ask(self) -> None:
        attempt = Attempt(self.sandbox, self.service)
        with attempt.world_put_back():
            client = attempt.connect()
            first = _offered(client)
            if not client.session.tls and any(line == "STARTTLS" for line in first):
                client.starttls()
                client.ehlo()
                self.keywords = Keywords(str(client.port), first, _offered(client))
            elif client.session.tls:
                self.keywords = Keywords(str(client.port), (), first)
            else:
                self.keywords = Keywords(str(client.port), first, ())
            with suppress(SMTPLabError):
                client.quit()

    def produce(self, refusal: str) -> tuple[Event, ...]:
        """Provoke a refusal; returns the client's events. `KeyError` lists those there are."""
        fact = self.service.find("refusal", refusal)
        if fact is None:
            known = [one.name for one in self.service.about("refusal")]
            raise KeyError(f"{self.service.title} has no refusal {refusal!r}; it has {known}")
        client = provoke(self.sandbox, self.service, refusal)
        self.refusal, self.met = fact, tuple(client.transcript.events)
        return self.met

    # What a mail program asks for.

    @property
    def best_port(self) -> Fact:
        """Implicit TLS where it is offered on 465, else STARTTLS on 587 (RFC 8314, 3.3)."""
        ports = {fact.name: fact for fact in self.service.about("port")}
        return ports.get("465") or ports.get("587") or next(iter(ports.values()))

    @property
    def takes_tokens(self) -> bool:
        """Whether it takes an OAuth 2.0 access token."""
        [auth] = self.service.about("auth")
        return bool({"XOAUTH2", "OAUTHBEARER"} & set(auth.text.split()))


def _offered(client: Client) -> tuple[str, ...]:
    return tuple(str(client.extensions or "").splitlines())
