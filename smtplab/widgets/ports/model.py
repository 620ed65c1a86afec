"""Three doors without their card: what real sessions find behind each (RFC 8314; RFC 6409)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from smtplab.client import Client, Settings
from smtplab.errors import ConnectionLost, RemoteProtocolError, SMTPLabError
from smtplab.extensions import Extensions
from smtplab.mail_object import Envelope, MailObject
from smtplab.rehearsal import Rehearsal, rehearse
from smtplab.replies import Reply
from smtplab.sandbox import Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.session import State
from smtplab.transcript import Transcript
from smtplab.widgets.console.examples import ready_content
from smtplab.widgets.spoken import Line, spoken
from smtplab.widgets.stages import Stage, stages

PORTS = (25, 465, 587)  # RFC 5321, 4.5.4.2; RFC 8314, 7.3; RFC 6409, 3.1
IMPLICIT_TLS_PORT = 465
PROVIDER, EXCHANGE = "smtp.example.org", "mx.example.net"
ALICE, CAROL, BOB = "alice@example.org", "carol@example.org", "bob@example.net"
WAIT = 2.0  # seconds for a greeting that may never come

NO_TLS = "This Python has no TLS, so what would begin with TLS was not tried."


class Opening(Enum):
    """How the client begins."""

    AS_MEANT = "as the door is meant"
    PLAINTEXT = "in plaintext, without TLS"
    TLS_FIRST = "with TLS from the first octet"


@dataclass(frozen=True)
class Door:
    """A host and a port."""

    host: str
    port: int


@dataclass(frozen=True)
class Seen:
    """What one stage of a session showed to somebody who tries MAIL and two recipients."""

    stage: Stage
    offered: Extensions | None
    mail: Reply
    local: Reply  # to the RCPT for a mailbox of this host
    elsewhere: Reply  # to the RCPT for a mailbox of another host


@dataclass
class Look:
    """One door: its greeting and its stages; `problem` says why there is nothing behind it."""

    door: Door
    local: str
    elsewhere: str
    greeting: Reply | None = None
    greeted_inside_tls: bool = False
    seen: list[Seen] = field(default_factory=list)
    problem: str = ""
    lines: tuple[Line, ...] = ()

    def at(self, stage: Stage) -> Seen | None:
        return next((one for one in self.seen if one.stage is stage), None)


@dataclass(frozen=True)
class Trial:
    """The message from Alice to Bob, tried at one door."""

    door: Door
    opening: Opening
    walked: Rehearsal | None
    error: SMTPLabError | None
    folder: str  # where it lies in Bob's mailbox; "" if it did not arrive
    lines: tuple[Line, ...]


class PortsModel:
    """Looks behind the doors and tries them; the only thing it keeps open is nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.relay = PROVIDER  # whose port 25 it is
        self.opening = Opening.AS_MEANT
        self.trials: dict[int, Trial] = {}
        self._tried = 0
        self.look()

    @property
    def has_tls(self) -> bool:
        return Authority.is_available()

    @property
    def doors(self) -> tuple[Door, ...]:
        return tuple(Door(self.relay if port == 25 else PROVIDER, port) for port in PORTS)

    @property
    def arrived(self) -> int:
        """How many of the messages tried last lie in Bob's mailbox."""
        return sum(bool(trial.folder) for trial in self.trials.values())

    def choose_relay(self, host: str) -> None:
        """Whose port 25 the first door is; `ValueError` if no such door is there."""
        if host not in (PROVIDER, EXCHANGE):
            raise ValueError(f"port 25 is looked at with {PROVIDER} or {EXCHANGE}, not {host!r}")
        self.relay = host
        self.trials.pop(25, None)
        self.look()

    # Looking.

    def look(self) -> tuple[Look, ...]:
        """One session at each door, up to RCPT: nothing is delivered by looking."""
        self.sandbox.start()
        self.looks = tuple(map(self._look, self.doors))
        return self.looks

    def _look(self, door: Door) -> Look:
        local, elsewhere = (BOB, ALICE) if door.host == EXCHANGE else (CAROL, BOB)
        look = Look(door, local, elsewhere)
        transcript = Transcript(self.sandbox.clock.now)
        try:
            client = self._connect(door, Settings(transcript=transcript))
            look.greeting, look.greeted_inside_tls = client.greeting, client.session.tls
            with client:
                for stage in stages(client, self.sandbox.accounts[0]):
                    look.seen.append(_ask(client, stage, look))
        except SMTPLabError as error:
            look.problem = str(error)
        look.lines = spoken(transcript.events)
        return look

    def _connect(self, door: Door, settings: Settings) -> Client:
        implicit = settings.implicit_tls
        implicit = door.port == IMPLICIT_TLS_PORT if implicit is None else implicit
        if implicit and not self.has_tls:
            raise ConnectionLost(NO_TLS)
        return self.sandbox.connect(door.host, door.port, settings=settings)

    # Trying.

    def try_all(self) -> tuple[Trial, ...]:
        """The same message at every door, one after the other."""
        return tuple(self.try_door(port) for port in PORTS)

    def try_door(self, port: int) -> Trial:
        """The message from Alice to Bob at one door; `ValueError` if it is none of the three."""
        door = next((door for door in self.doors if door.port == port), None)
        if door is None:
            raise ValueError(f"the doors are {', '.join(map(str, PORTS))}, not {port}")
        self.sandbox.start()
        self._tried += 1
        label = f"door-{port}-{self._tried}@laptop.example.org"
        mail = self._message(label)
        transcript = Transcript(self.sandbox.clock.now)
        walked: Rehearsal | None = None
        problem: SMTPLabError | None = None
        try:
            client = self._connect(door, self._settings(transcript))
            walked = self._walk(client, mail, door)
        except SMTPLabError as error:
            problem = error
        lines = spoken(transcript.events)
        trial = Trial(door, self.opening, walked, problem, self._where(label), lines)
        self.trials[port] = trial
        return trial

    def _settings(self, transcript: Transcript) -> Settings:
        implicit = {Opening.PLAINTEXT: False, Opening.TLS_FIRST: True}.get(self.opening)
        patience = 30.0 if self.opening is Opening.AS_MEANT else WAIT
        return Settings(timeout=patience, implicit_tls=implicit, transcript=transcript)

    def _walk(self, client: Client, mail: MailObject, door: Door) -> Rehearsal:
        """As a careful program does: AUTH where it is offered at that moment, else none."""
        account = self.sandbox.accounts[0]
        plaintext = self.opening is Opening.PLAINTEXT
        last = self._stage_before_auth(door, plaintext=plaintext)
        offered = last is not None and last.offered is not None and "AUTH" in last.offered
        return rehearse(
            client,
            mail,
            until="content",
            sign_in=(lambda one: one.auth(account.username, account.password, "PLAIN"))
            if offered
            else None,
            starttls="never" if plaintext else "offered",
        )

    def _stage_before_auth(self, door: Door, *, plaintext: bool) -> Seen | None:
        look = next(one for one in self.looks if one.door == door)
        before, inside = look.at(Stage.BEFORE_TLS), look.at(Stage.INSIDE_TLS)
        return before if plaintext or inside is None else inside

    def _message(self, label: str) -> MailObject:
        content = ready_content(self.sandbox.clock.now())
        content = content.replace("first@laptop.example.org", label)
        octets = content.replace("My first conversation", "Which door?").replace("\n", "\r\n")
        return MailObject(Envelope(ALICE, (BOB,)), octets.encode())

    def _where(self, label: str) -> str:
        """The folder of Bob's mailbox with the message of this Message-ID."""
        mailbox = self.sandbox.mailbox(BOB)
        for folder in mailbox:
            if any(label.encode() in mail.accepted for mail in mailbox.folder(folder)):
                return folder
        return ""


def _ask(client: Client, stage: Stage, look: Look) -> Seen:
    """MAIL, a recipient here, a recipient elsewhere; RSET drops what they opened."""
    mail = client.mail(ALICE)
    local, elsewhere = client.rcpt(look.local), client.rcpt(look.elsewhere)
    if client.state in (State.MAIL, State.RCPT):
        client.rset()
    return Seen(stage, client.extensions, mail, local, elsewhere)


def why(trial: Trial) -> str:
    """What a failed connection teaches, in a sentence; "" if the error says it all."""
    if isinstance(trial.error, ConnectionLost) and trial.opening is Opening.PLAINTEXT:
        return (
            "Both waited: the client for a greeting, the server for the ClientHello of TLS. On "
            "this port TLS comes before any SMTP (RFC 8314, 3.3)."
        )
    if isinstance(trial.error, RemoteProtocolError) and trial.opening is Opening.TLS_FIRST:
        return (
            "The client sent a ClientHello. The server had sent its greeting in plaintext, and "
            "the client could not read that as TLS. This port begins in plaintext, and STARTTLS "
            "begins TLS later (RFC 3207, 4)."
        )
    return ""
