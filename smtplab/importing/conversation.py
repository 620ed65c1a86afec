"""From lines with a speaker to events: replies put together, mail data gathered, secrets marked."""

from __future__ import annotations

from datetime import UTC, datetime

from smtplab import session
from smtplab.commands import verb_of
from smtplab.errors import RemoteProtocolError
from smtplab.importing.said import Said, Who
from smtplab.replay import Replay
from smtplab.replies import ReplyParser
from smtplab.session import State
from smtplab.transcript import Kind, Transcript
from smtplab.transcript.events import OctetsKeeper, Span
from smtplab.transcript.hiding import command_secrets, response_secrets

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # most formats tell no time, so none is made up
MAX_NAMED = 20  # lines that could not be read and are named; the others are counted
MAX_CONNECTIONS = 1000  # in one text
SOMEWHERE = {"source": "the client", "host": "the server", "port": "?"}


class Imported(Transcript):
    """A transcript of somebody else's dialogue."""

    def __init__(self, format: str, title: str) -> None:
        super().__init__(lambda: NO_TIME)
        self.format, self.title = format, title
        self.unread: list[int] = []  # numbers of the first lines that should be dialogue, and
        self.unread_lines = 0  # how many there are in all

    def could_not_read(self, line: int) -> None:
        self.unread_lines += 1
        if len(self.unread) < MAX_NAMED:
            self.unread.append(line)


class Conversation:
    """One connection that is being read."""

    def __init__(self, transcript: Imported, name: str, has_chunks: bool) -> None:
        self._transcript = transcript
        self._has_chunks = has_chunks
        self._recorder = transcript.recorder(name, "client")
        self._replay = Replay()
        self._parser = ReplyParser()
        self._reply_lines: list[int] = []  # of the reply that is under way
        self._content: OctetsKeeper | None = None
        self._chunk_left = 0  # octets of a BDAT chunk that are still to come
        self._step = 0
        self._connected = False
        self._in_auth = False  # the last command was AUTH, or a response followed it
        self._tls_agreed = False  # 220 to STARTTLS came, and no word of TLS yet
        self.is_closed = False

    def take(self, said: Said) -> None:
        """One more line."""
        if said.who is Who.CONNECT:
            self._connect(said)
        elif said.who is Who.CLIENT:
            self._client(said)
        elif said.who is Who.SERVER:
            self._server(said)
        elif said.who is Who.TLS:
            self._tls(said.octets.decode("utf-8", "replace"), said.verified)
        elif said.who is Who.CLOSE:
            self._close(said.octets.decode("utf-8", "replace"))

    def finish(self) -> None:
        """The text has ended, perhaps in the middle of something."""
        self._end_content()
        self._drop_half_reply()

    @property
    def has_begun(self) -> bool:
        """Whether anything was said on this connection."""
        return self._connected

    def _note(self, kind: Kind, octets: bytes = b"", **detail: object) -> None:
        if not self._connected and kind is not Kind.CONNECT:
            self._connected = True
            self._recorder.record(Kind.CONNECT, 0, detail=SOMEWHERE)
        secrets: tuple[Span, ...] = ()
        if kind is Kind.COMMAND and verb_of(octets) == "AUTH":
            secrets = command_secrets(octets)
        elif kind is Kind.RESPONSE:
            secrets = response_secrets(octets)
        self._recorder.record(kind, self._step, octets, detail, secrets)

    def _connect(self, said: Said) -> None:
        if self._connected:
            return
        source, _, place = said.octets.decode("utf-8", "replace").rpartition(" > ")
        host, _, port = place.rpartition(":")
        number: int | str = int(port) if port.isdecimal() and len(port) < 6 else port or "?"
        where = {"source": source or "the client", "host": host or place, "port": number}
        self._connected = True
        self._recorder.record(Kind.CONNECT, 0, detail=where)

    # The client's lines.

    def _client(self, said: Said) -> None:
        self._drop_half_reply()
        if self._tls_agreed:
            self._tls("TLS", "unknown")
        line = said.octets + b"\r\n"
        now = self._replay.session
        if self._chunk_left > 0:
            self._add_content(line)
            self._chunk_left -= len(line)
            if self._chunk_left <= 0:
                self._end_content()
        elif now.state is State.DATA and not now.unanswered:
            self._add_content(line)
            if said.octets == b".":
                self._end_content()
        else:
            # AUTH ends a group of commands (RFC 4954, 4), so what follows it is never a command.
            in_auth = now.state is State.AUTH or (now.unanswered and self._in_auth)
            self._say(Kind.RESPONSE if in_auth else Kind.COMMAND, line)
            self._chunk_left = _chunk_size(line) if self._has_chunks else 0

    def _say(self, kind: Kind, line: bytes) -> None:
        self._step += 1
        self._in_auth = kind is Kind.RESPONSE or verb_of(line) == "AUTH"
        self._replay.sent(kind, line)
        self._note(kind, line)

    def _add_content(self, line: bytes) -> None:
        if self._content is None:
            self._content = OctetsKeeper()
        self._content.feed(line)

    def _end_content(self) -> None:
        """Of mail data, what was noted down; of a chunk too, but it is no step of its own."""
        content, self._content, self._chunk_left = self._content, None, 0
        if content is None:
            return
        if self._replay.session.state is State.DATA:
            self._step += 1
            self._replay.sent(Kind.MAIL_DATA, b"")
        self._recorder.record_kept(Kind.MAIL_DATA, self._step, content)

    # The server's lines.

    def _server(self, said: Said) -> None:
        self._end_content()
        self._reply_lines.append(said.line)
        try:
            self._parser.feed(said.octets + b"\r\n")
            reply = self._parser.next_reply()
        except RemoteProtocolError:
            self._drop_half_reply()
            return
        if reply is None:
            return
        self._reply_lines.clear()
        if not self._replay.session.unanswered and self._replay.session.state is State.DATA:
            self._step += 1  # the content was not noted down
        step = self._replay.received(reply)
        now = self._replay.session
        kind = Kind.GREETING if step.step == session.GREETING else Kind.REPLY
        if reply.code == 334:
            kind = Kind.CHALLENGE
        last, self._step = self._step, self._step - now.unanswered
        self._note(kind, self._parser.octets, **dict(now.state.note))
        self._step = last
        self._tls_agreed = step.step == "STARTTLS" and reply.code == 220

    def _drop_half_reply(self) -> None:
        """A reply that did not end, or that is none."""
        for line in self._reply_lines:
            self._transcript.could_not_read(line)
        self._reply_lines.clear()
        self._parser = ReplyParser()

    # Notes.

    def _tls(self, protocol: str, verified: str) -> None:
        self._tls_agreed = False
        if self._recorder.tls:
            return
        self._note(Kind.TLS, protocol=protocol, verified=verified)
        self._recorder.tls = True
        self._replay.tls_began()

    def _close(self, why: str) -> None:
        if self._connected and not self.is_closed:
            self.finish()
            self.is_closed = True
            self._note(Kind.CLOSE, why=why or "nobody told by whom")


def _chunk_size(line: bytes) -> int:
    """How many octets follow a command: those of BDAT (RFC 3030, 2)."""
    words = line.split()
    if len(words) < 2 or words[0].upper() != b"BDAT" or not words[1].isdigit():
        return 0
    return int(words[1][:12])


class Conversations:
    """The connections of one text; after a close, or at a second connect, a new one begins."""

    def __init__(self, transcript: Imported, has_chunks: bool) -> None:
        self._transcript, self._has_chunks = transcript, has_chunks
        self._open: dict[str, Conversation] = {}
        self._begun = 0

    def take(self, said: Said) -> None:
        """Give a line to its connection."""
        if said.who is Who.UNREAD:
            self._transcript.could_not_read(said.line)
            return
        talk = self._open.get(said.connection)
        if talk and said.who is Who.CONNECT and talk.has_begun:
            talk.finish()
            talk = None
        if talk is None or (talk.is_closed and said.who is not Who.CLOSE):
            if self._begun == MAX_CONNECTIONS:
                self._transcript.could_not_read(said.line)
                return
            self._begun += 1
            talk = Conversation(self._transcript, f"c{self._begun}", self._has_chunks)
            self._open[said.connection] = talk
        talk.take(said)

    def finish(self) -> None:
        """The text has ended."""
        for talk in self._open.values():
            talk.finish()
