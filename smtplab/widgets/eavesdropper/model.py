"""The eavesdropper without a card: which connection, what Eve has of it, and Eve the attacker."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum

from smtplab.client import Client, Settings
from smtplab.errors import LocalProtocolError, SMTPLabError
from smtplab.mail_object import Envelope, MailObject
from smtplab.rehearsal import Rehearsal, rehearse
from smtplab.sandbox import Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.middle import StripsSTARTTLS
from smtplab.transcript import Event, Kind, Transcript
from smtplab.transcript.eavesdropper import Overheard, eavesdrop
from smtplab.transcript.rendering import visible
from smtplab.widgets.console.examples import ready_content
from smtplab.widgets.eavesdropper.moments import Moment, moments

MOST_CONNECTIONS = 40  # to choose from; the newest
ALICE, BOB = "alice@example.org", "bob@example.net"


class Care(Enum):
    """What a client does where STARTTLS is not offered (RFC 3207, 6)."""

    CARELESS = "careless"
    STRICT = "strict"


class Doors(Enum):
    """Where the message is handed in."""

    SUBMISSION = "smtp.example.org : 587, with a password"
    SUBMISSIONS = "smtp.example.org : 465, TLS first"
    EXCHANGE = "mx.example.net : 25, as servers do"


_PLACES = {
    Doors.SUBMISSION: ("smtp.example.org", 587),
    Doors.SUBMISSIONS: ("smtp.example.org", 465),
    Doors.EXCHANGE: ("mx.example.net", 25),
}


class Has(Enum):
    """What Eve has of a thing."""

    READ = "read in clear text"
    INSIDE_TLS = "inside TLS, not read"
    NOT_SENT = "not sent"


@dataclass(frozen=True)
class Caught:
    """What Eve has of one connection."""

    password: Has
    envelope: Has
    content: Has


@dataclass(frozen=True)
class HandIn:
    """One message handed in, and what came of it."""

    care: Care
    door: Doors
    stripped: bool
    connection: str
    walked: Rehearsal | None
    error: SMTPLabError | None
    caught: Caught

    @property
    def outcome(self) -> str:
        """In a few words, for client and message."""
        if self.error is not None:
            return f"stopped: {self.error}"
        failed = self.walked.failed if self.walked is not None else None
        if failed is None:
            return "handed in"
        return f"stopped at {failed.phase}: {failed.reply.code} {failed.reply.text}"


class EavesdropperModel:
    """Looks at one connection; in a sandbox it can send, with and without an attacker."""

    def __init__(
        self,
        source: Sandbox | Client | Transcript,
        connection: str | Client | None = None,
        *,
        secrets: bool = False,
    ) -> None:
        self.sandbox = source if isinstance(source, Sandbox) else None
        self.secrets = secrets
        self.strips = False
        self.door = Doors.SUBMISSION
        self.hand_ins: dict[tuple[Care, bool], HandIn] = {}
        self._clients: dict[str, Transcript] = {}  # the client's own record, by connection
        for one in (source, connection):
            if isinstance(one, Client):
                self._clients[one.connection] = one.transcript
        self.transcript = source if isinstance(source, Transcript) else source.transcript
        if isinstance(connection, Client):
            connection = connection.connection
        if connection is None and isinstance(source, Client):
            connection = source.connection
        self.connection = connection
        self.refresh()

    @property
    def has_tls(self) -> bool:
        return Authority.is_available()

    @property
    def connections(self) -> tuple[str, ...]:
        """The newest connections, oldest first."""
        return self.transcript.connections[-MOST_CONNECTIONS:]

    def name_of(self, connection: str) -> str:
        """A connection with its two hosts."""
        for event in self.transcript.of(connection):
            if event.kind is Kind.CONNECT:
                place = event.detail
                return visible(
                    f"{connection}: {place['source']} to {place['host']} : {place['port']}"
                )
        return connection

    # What Eve has.

    def choose(self, connection: str) -> None:
        """Look at another connection; `ValueError` lists those that there are."""
        if connection not in self.transcript.connections:
            there = ", ".join(self.connections) or "none"
            raise ValueError(f"no connection {connection!r}; there are {there}")
        self.connection = connection
        self.refresh()

    def refresh(self) -> None:
        """Read on: the connection may have gone further, and a first one may have come."""
        self.overheard: Overheard | None = None
        self.moments: tuple[Moment, ...] = ()
        self.problem = ""
        names = self.connections
        if self.connection is None and names:
            self.connection = names[-1]
        if self.connection is None:
            return
        try:
            found = eavesdrop(self.transcript, [self.connection], secrets=self.secrets)
        except ValueError as error:
            self.problem = str(error)
            return
        self.overheard = found.overheard[0]
        self.moments = moments(self.overheard, self._of("client"), self._of("server"))

    def _of(self, end: str) -> tuple[Event, ...]:
        assert self.connection is not None
        own = self._clients.get(self.connection) if end == "client" else None
        return (own or self.transcript).of(self.connection, end)

    @property
    def caught(self) -> Caught:
        """What Eve has of the connection."""
        return _caught(self.moments, self.overheard.passwords if self.overheard else ())

    @property
    def changed(self) -> tuple[str, ...]:
        """What somebody on the way changed, in words, in the order of the conversation."""
        return tuple(change for moment in self.moments for change in moment.changed)

    # Eve the attacker.

    def hand_in(self, care: Care) -> HandIn:
        """The same message by a careless or a strict client; the attacker is there if switched on.

        `LocalProtocolError` where there is no sandbox to send in.
        """
        if self.sandbox is None:
            raise LocalProtocolError("only in a sandbox a message can be handed in; pass one")
        self.sandbox.start()
        host, port = _PLACES[self.door]
        walked: Rehearsal | None = None
        problem: SMTPLabError | None = None
        transcript = Transcript(self.sandbox.clock.now)
        eve = self.sandbox.in_the_middle(StripsSTARTTLS, host=host) if self.strips else None
        with eve or nullcontext():
            try:
                if port == 465 and not self.has_tls:
                    raise SMTPLabError("this port begins with TLS, and this Python has none")
                settings = Settings(transcript=transcript)
                client = self.sandbox.connect(host, port, settings=settings)
                walked = self._walk(client, care)
            except SMTPLabError as error:
                problem = error
        self.sandbox.settle()
        self._follow(transcript)
        done = HandIn(
            care, self.door, self.strips, self.connection or "", walked, problem, self.caught
        )
        self.hand_ins[care, self.strips] = done
        return done

    def _walk(self, client: Client, care: Care) -> Rehearsal:
        assert self.sandbox is not None
        account = self.sandbox.accounts[0]
        content = ready_content(self.sandbox.clock.now()).replace("\n", "\r\n").encode()
        return rehearse(
            client,
            MailObject(Envelope(ALICE, (BOB,)), content),
            until="content",
            sign_in=None
            if self.door is Doors.EXCHANGE
            else lambda one: one.auth(account.username, account.password, "PLAIN"),
            starttls="offered" if care is Care.CARELESS else "required",
        )

    def _follow(self, transcript: Transcript) -> None:
        """Look at the connection that this transcript recorded."""
        for name in transcript.connections:
            self._clients[name] = transcript
            self.connection = name
        while len(self._clients) > MOST_CONNECTIONS:
            del self._clients[next(iter(self._clients))]
        self.refresh()

    def choose_door(self, door: Doors) -> None:
        """Hand in elsewhere; what was handed in before is forgotten."""
        self.door = door
        self.hand_ins.clear()

    def compare(self) -> tuple[HandIn, ...]:
        """Both clients, without the attacker and with him; the switch stands as before."""
        before = self.strips
        done = []
        try:
            for self.strips in (False, True):
                done += [self.hand_in(care) for care in Care]
        finally:
            self.strips = before
        return tuple(done)


def _caught(found: tuple[Moment, ...], passwords: tuple[str, ...]) -> Caught:
    events = [event for moment in found for event in moment.server or moment.client]

    def has(*wanted: Event) -> Has:
        if not wanted:
            return Has.NOT_SENT
        return Has.INSIDE_TLS if all(event.tls for event in wanted) else Has.READ

    def commands(*verbs: bytes) -> list[Event]:
        lines = [event for event in events if event.kind is Kind.COMMAND]
        return [event for event in lines if event.octets.upper().startswith(verbs)]

    content = [event for event in events if event.kind is Kind.MAIL_DATA]
    password = Has.READ if passwords else has(*commands(b"AUTH"))
    return Caught(password, has(*commands(b"MAIL", b"RCPT")), has(*content))
