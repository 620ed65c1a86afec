"""The console without its window: the client, the present line, the palette, notices (RFC 5321)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from smtplab import commands
from smtplab.client import Client
from smtplab.errors import ConnectionLost, LocalProtocolError, RemoteProtocolError, SMTPLabError
from smtplab.sandbox import Sandbox
from smtplab.session import VERBS, State
from smtplab.step_reply import StepReply
from smtplab.transcript import Event, Transcript
from smtplab.transcript.rendering import sender
from smtplab.widgets.console.conversation import Conversation, Ends
from smtplab.widgets.console.examples import ready_content, ready_line, ready_response, who_signs_in
from smtplab.widgets.console.history import History, Step
from smtplab.widgets.console.scripts import Playing
from smtplab.widgets.console.words import ClientSide, Move, ServerSide, concluded

_BY_CODE = "a step of this session came from code"
MAX_WAY = 1000  # moves of one session that are kept


class Meaning(Enum):
    """What the server would take the next line for."""

    COMMAND = "Command"
    RESPONSE = "Response"
    CONTENT = "Content"
    CLOSED = "Closed"


class Choice(NamedTuple):
    """One button of the palette."""

    verb: str
    line: str  # what a press sends
    legal: bool


class Notice(NamedTuple):
    """Something that is no reply: what happened, and what to do."""

    headline: str
    text: str
    error: Exception | None = None


_HEADLINES: dict[type[Exception], str] = {
    LocalProtocolError: "Nothing was sent",
    RemoteProtocolError: "The server broke the rules",
    ConnectionLost: "No connection",
}
_MEANING = {
    State.DATA: Meaning.CONTENT,
    State.AUTH: Meaning.RESPONSE,
    State.CLOSED: Meaning.CLOSED,
    State.OUT_OF_STEP: Meaning.CLOSED,
}


class ConsoleModel:
    """Runs one step at a time and keeps what there is to show; it raises nothing but interrupts."""

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        self.sandbox, self.host, self.port = sandbox, host, port
        self.client: Client | None = None
        self.notice: Notice | None = None
        self.playing: Playing | None = None
        self.followers: list[Callable[[], None]] = []  # how each view draws itself
        self.history = History()
        self._own: set[str] = set()  # names of the connections that were this console's
        self._server_transcript: Transcript | None = None
        self.start_over()

    # The steps.

    def start_over(self) -> None:
        """Close what is open and connect again; the sandbox and its mailboxes stay."""
        before, self.client = self.client, None
        if self.playing is not None:
            self.playing.at = 0
        self.conversation = Conversation()
        self.reply: StepReply | None = None
        self.draft = ""  # what stands in the input
        self.round_trips = 0
        self.way: deque[Move] = deque(maxlen=MAX_WAY)  # the client's moves in this session
        self._server_side, self._client_side = ServerSide(), ClientSide()
        self._client_position = 0
        self._last_meaning = Meaning.COMMAND
        self._run(lambda: self._connect(before), Step("connect", f"{self.host} {self.port}"))

    def send(self, text: str) -> StepReply | None:
        """Send one line, or the whole content after 354; None if there is no reply to show."""
        return self._run(lambda: self._send(text), Step("send", text))

    def send_chunk(self, text: str, *, last: bool) -> StepReply | None:
        """Send one chunk of the content by BDAT; None if there is no reply to show."""
        return self._run(lambda: self._send_chunk(text, last), Step("chunk", text, last))

    def take_draft(self) -> str:
        """Take out of the input what the next step sends: the whole content, or one line."""
        line, rest = self.draft, ""
        if self.meaning is not Meaning.CONTENT:
            line, _, rest = self.draft.partition("\n")
        self.draft = rest
        return line

    def send_taken(self, line: str) -> StepReply | None:
        """Send what was taken; if nothing could be sent, it is put back."""
        rest = self.draft
        reply = self.send(line)
        if isinstance(self.error, LocalProtocolError):
            self.draft = f"{line}\n{rest}" if rest else line
        return reply

    def press(self, verb: str) -> StepReply | None:
        """Send the ready line of a verb; after 354 it becomes one more line of the content."""
        line = self.ready_line(verb)
        if self.meaning is not Meaning.CONTENT:
            return self.send(line)
        self.draft += line if not self.draft or self.draft.endswith("\n") else f"\n{line}"
        self.notice = Notice(
            "Not sent as a command",
            f"After 354 every line is content, so {verb} was added to the content below. "
            "Send the content first; then the server reads commands again.",
        )
        return None

    def refresh(self) -> None:
        """Look for events that came outside a step of this console."""
        self._pull(outside=_BY_CODE)

    def close(self) -> None:
        """Break the connection, without QUIT; what the server has not accepted is dropped."""
        if self.client is not None:
            self.client.close()
            self._pull(outside=_BY_CODE)

    def fail(self, headline: str, text: str) -> None:
        """Keep something that went wrong outside a step, so that it is shown."""
        self.notice = Notice(headline, text)

    def tell(self) -> None:
        """Bring every view of this session up to date."""
        for draw in tuple(self.followers):
            draw()

    @property
    def error(self) -> Exception | None:
        """What went wrong in the last step."""
        return self.notice.error if self.notice is not None else None

    # What there is to show.

    @property
    def state(self) -> State:
        return self.client.state if self.client else State.CLOSED

    @property
    def meaning(self) -> Meaning:
        return _MEANING.get(self.state, Meaning.COMMAND)

    @property
    def palette(self) -> tuple[Choice, ...]:
        legal = self.client.session.legal_next() if self.client else ()
        return tuple(Choice(verb, self.ready_line(verb), verb in legal) for verb in VERBS)

    def ready_line(self, verb: str) -> str:
        name = self.client.name if self.client else "laptop.example.org"
        recipients = self.client.session.recipients if self.client else 0
        return ready_line(verb, name, recipients, self.sandbox.accounts[0])

    @property
    def padlock(self) -> str:
        """Whether anyone on the way can read along, in words."""
        if self.client is None or not self.client.session.tls:
            return "not encrypted: anyone on the way can read this"
        return f"{self._tls_protocol}, certificate {self._tls_verified}"

    @property
    def is_encrypted(self) -> bool:
        return self.client is not None and self.client.session.tls

    @property
    def facts(self) -> tuple[str, ...]:
        """The other facts on the frame: who signed in, the mail transaction, the round trips."""
        identity = self.client.session.identity if self.client else None
        recipients = self.client.session.recipients if self.client else 0
        transaction = {
            State.MAIL: "mail transaction open: no recipient yet",
            State.RCPT: f"mail transaction open: {_count(recipients, 'recipient')}",
            State.DATA: f"content is next, for {_count(recipients, 'recipient')}",
            State.OUT_OF_STEP: "out of step: a reply is missing",
            State.CLOSED: "session closed",
        }
        return (
            f"signed in as {identity}" if identity else "not signed in",
            transaction.get(self.state, "no mail transaction"),
            _count(self.round_trips, "round trip"),
        )

    # Inside.

    def _run(self, action: Callable[[], StepReply | None], step: Step) -> StepReply | None:
        """One step: errors become the notice, and both transcripts are read on afterwards."""
        self._pull(outside=_BY_CODE)
        self.notice = None
        reply, outside = None, "a step broke off"
        try:
            reply = action()
            self.history.steps.append(step)
            outside = ""
        except SMTPLabError as error:
            headline = next(text for kind, text in _HEADLINES.items() if isinstance(error, kind))
            self.notice = Notice(headline, f"{error}", error)
        except Exception as error:  # a border: whatever goes wrong is shown, never lost
            text = f"{type(error).__name__}: {error}. Press Start over to go on."
            self.notice = Notice("A fault inside smtplab", text, error)
        finally:
            if reply is not None:
                self.reply = reply
            self._pull(outside=outside)
            self._follow_meaning(replied=reply is not None)
        return reply

    def _connect(self, before: Client | None) -> StepReply:
        if before is not None:
            before.close()
        self.sandbox.start()  # does nothing where it runs already
        if self._server_transcript is not self.sandbox.transcript:  # a new world
            self._server_transcript = self.sandbox.transcript
            self._server_position = len(self._server_transcript)
            used = "the sandbox was in use before" if self._server_position else ""
            self.history = History(used)
            self._own.clear()
        self.client = Client.connect(self.host, self.port, network=self.sandbox)
        self._own.add(self.client.connection)
        for account in self.sandbox.accounts:
            self.client.transcript.secrets.add(account.password)
        return self.client.greeting

    def _send(self, text: str) -> StepReply | None:
        client = self.client
        if client is None or self.meaning is Meaning.CLOSED:
            raise ConnectionLost("this session is over; press Start over to connect again")
        if self.meaning is Meaning.CONTENT:
            lines = text.replace("\r\n", "\n")
            return client.content(lines.replace("\n", "\r\n").encode())
        if not text.strip() and self.meaning is Meaning.COMMAND:
            raise LocalProtocolError("the line is empty; type a command, or press one above")
        octets = commands.line(text)
        if text.strip().upper() == "STARTTLS":
            return client.starttls()
        if self.meaning is Meaning.RESPONSE or commands.verb_of(octets) == "AUTH":
            self._claim(client, text)
        return client.send_raw(octets)

    def _send_chunk(self, text: str, last: bool) -> StepReply | None:
        if self.client is None or self.meaning is not Meaning.COMMAND:
            raise LocalProtocolError("the server reads no commands now, so BDAT was not sent")
        octets = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        return self.client.bdat(octets, last=last)

    def _claim(self, client: Client, line: str) -> None:
        """Note who is signing in, for the frame; a password alone does not change it."""
        name = who_signs_in(line)
        if name and name not in {account.password for account in self.sandbox.accounts}:
            client.session.claimed = name

    def _pull(self, *, outside: str = "") -> None:
        """Read on where the last step stopped, so that the cost does not grow."""
        if self.client is None or self._server_transcript is None:
            return
        connection = self.client.connection
        seen, self._server_position = self._server_transcript.events_since(self._server_position)
        for event in seen:
            if event.connection == connection and event.end == "server":
                self._server_side.feed(event)
            elif event.connection not in self._own and event.connection[:1] not in ("", "r"):
                self.history.outside = f"connection {event.connection} came from elsewhere"
        fresh, self._client_position = self.client.transcript.events_since(self._client_position)
        for event in fresh:
            who = sender(event)
            if outside and who:
                self.history.outside = outside
            self._append(event, who)

    def _append(self, event: Event, who: str) -> None:
        self.round_trips += who == "S" or event.kind == "tls"
        if event.kind == "tls":
            verified = event.detail.get("verified") == "yes"
            self._tls_protocol = str(event.detail.get("protocol"))
            self._tls_verified = "checked" if verified else "NOT checked"
        made, move = self._server_side.phrase(event.step, who), self._client_side.feed(event)
        ends = Ends(made)
        if move is not None:
            self.way.append(move)
            self.history.replied(event.octets)
            state = self._server_side.state_after(event.step)
            ends = Ends(made, state.value if state else "", concluded(move), move.step)
        self.conversation.append(event, who, ends)

    def _follow_meaning(self, *, replied: bool) -> None:
        """When the next line means something else, a ready example stands in the input."""
        if self.meaning is Meaning.RESPONSE:  # each challenge asks for something else
            if replied and self.reply is not None:
                self.draft = ready_response(self.reply.lines, self.sandbox.accounts[0])
        elif self.meaning is not self._last_meaning:
            content = self.meaning is Meaning.CONTENT
            self.draft = ready_content(self.sandbox.clock.now()) if content else ""
        self._last_meaning = self.meaning


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
