"""A talk: each line becomes a step, and what came of it is shown and explained."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error

from smtplab import commands, session
from smtplab.cli.doors import Way
from smtplab.cli.problems import headline, in_options
from smtplab.cli.talk import short_forms
from smtplab.cli.talk.exit_codes import MEND, WELL, code_of, phase_of
from smtplab.cli.talk.keyboard import Passwords
from smtplab.cli.talk.screen import Screen
from smtplab.client import Client
from smtplab.errors import LocalProtocolError, SMTPLabError
from smtplab.session import State
from smtplab.step_reply import StepReply


class Talk:
    """Runs one line at a time; errors of a step are told, and `code` keeps the first failure."""

    def __init__(self, client: Client, screen: Screen, way: Way, passwords: Passwords) -> None:
        self.client, self.screen, self.way, self.passwords = client, screen, way, passwords
        self.code = WELL
        self.phase = ""  # of the first failure
        self.left = False
        self.error: SMTPLabError | None = None  # of the last line
        self.reply: StepReply = client.greeting
        self.echo = True  # False: who types sees the line already
        self._content: list[str] = []
        self.show(client.greeting)

    @property
    def is_over(self) -> bool:
        return self.left or self.client.state in (State.CLOSED, State.OUT_OF_STEP)

    @property
    def prompt(self) -> str:
        """What the next line will be taken for."""
        if self.client.state is State.DATA:
            return "content (a dot alone ends it): "
        return "response: " if self.client.state is State.AUTH else "C: "

    def take(self, line: str) -> None:
        """One line: a command, a response, a line of content, or a short form."""
        self.error = None
        try:
            self._take(line)
        except SMTPLabError as error:
            self.failed(error)

    def show(self, reply: StepReply, *, typed: bool = False) -> None:
        """What happened, and what the reply to it means."""
        self.reply = reply
        self.screen.catch_up(typed=typed and not self.echo)
        self.screen.explain(reply)
        self.screen.stands(reply)
        if not reply.is_positive:
            self._keep(code_of(_phase(reply.step)), _phase(reply.step))

    def failed(self, error: SMTPLabError) -> None:
        """What went wrong that is no reply."""
        self.error = error
        self.screen.catch_up()
        self.screen.trouble(headline(error), in_options(error))
        if isinstance(error, LocalProtocolError):
            self._keep(MEND, "")
        else:
            phase = phase_of(self.client.transcript.events)
            self._keep(code_of(phase), phase)

    def forgive(self) -> None:
        """The last reply was a refusal that was asked for."""
        self.code, self.phase = WELL, ""

    def finish(self) -> None:
        """The lines are over: content that was not ended is not sent."""
        if self.client.state is State.DATA:
            self.screen.trouble(
                "The content was not sent",
                "it had no end, which is a line of one dot; the connection was closed",
            )
            self._keep(code_of("content"), "content")
            self.client.close()

    # What a line may be.

    def _take(self, line: str) -> None:
        name = line.split(" ")[0].strip()
        if self.client.state is State.DATA:
            self._content_line(line)
        elif line.startswith("/") and (
            self.client.state is not State.AUTH or name in short_forms.TABLE
        ):  # a response in base64 may begin with a slash
            short_forms.run(self, line)
        elif self.client.state is State.AUTH:
            self._respond(line)
        elif line.strip():
            self._command(line)

    def _command(self, line: str) -> None:
        octets, client = commands.line(line), self.client
        verb = commands.verb_of(octets)
        if line.strip().upper() == "STARTTLS":
            self.begin_tls(typed=True)
            return
        if verb == "BDAT" and line.split()[1:2] != ["0"]:
            raise LocalProtocolError(
                "the octets of a chunk follow BDAT at once, and one line cannot hold them; "
                "/chunk FILE sends both"
            )
        if verb == "AUTH":
            self._check_secret_may_go()
            self._note_secrets(line.split()[2:3], asked_for_name=False)
        self.show(client.send_raw(octets), typed=True)

    def begin_tls(self, *, typed: bool = False) -> StepReply:
        """STARTTLS, and on 220 the handshake (RFC 3207, 4)."""
        reply = self.client.starttls()
        self.show(reply, typed=typed)
        self.show_tls()
        return reply

    def show_tls(self) -> None:
        try:
            report = self.client.tls_report
        except ValueError:
            self.screen.trouble("TLS", "the server's certificate cannot be read")
        else:
            if report is not None:
                self.screen.tls(report)

    def _respond(self, line: str) -> None:
        octets = commands.line(line.strip())
        try:
            asked = b64decode(self.reply.texts[0], validate=True).lower()
        except (Base64Error, ValueError):
            asked = b""
        self._note_secrets([line.strip()], asked_for_name=b"user" in asked)
        self.show(self.client.send_raw(octets), typed=True)

    def _note_secrets(self, words: list[str], *, asked_for_name: bool) -> None:
        """A password that is typed in base64 is hidden from then on, wherever it comes up."""
        for word in words:
            try:
                octets = b64decode(word, validate=True)
            except (Base64Error, ValueError):
                octets = b""
            _, _, password = octets.rpartition(b"\0")
            if password and not asked_for_name:
                self.client.transcript.secrets.add(password.decode("utf-8", "surrogateescape"))
            elif octets:
                self.client.session.claimed = octets.decode("utf-8", "backslashreplace")

    def _check_secret_may_go(self) -> None:
        if self.way.is_far(self.client.host) and not self.client.session.tls:
            raise LocalProtocolError(
                "the password would cross the network readable for anyone; say STARTTLS first, "
                "or use port 465"
            )

    def _content_line(self, line: str) -> None:
        if line != ".":
            self._content.append(line)
            return
        lines, self._content = self._content, []
        text = "".join(f"{one}\r\n" for one in lines)
        self.show(self.client.content(text.encode("utf-8", "surrogateescape")), typed=True)

    def _keep(self, code: int, phase: str) -> None:
        if self.code == WELL:
            self.code, self.phase = code, phase


def _phase(step: str) -> str:
    """The phase that a step belongs to."""
    return {
        session.CHALLENGE: "AUTH",
        session.END_OF_DATA: "content",
        session.BDAT_LAST: "content",
    }.get(step, step)
