"""What each end made of each line, in words, folded from that end's own events."""

from __future__ import annotations

from typing import NamedTuple

from smtplab import session
from smtplab.commands import verb_of
from smtplab.replay import Replay, parsed
from smtplab.session import State
from smtplab.transcript import Event, Kind

# What a command is for, once the server has read it (RFC 5321, 4.1.1; RFC 3207; RFC 4954).
_COMMAND = {
    "EHLO": "client names itself",
    "HELO": "client names itself",
    "STARTTLS": "asks to begin TLS",
    "AUTH": "asks to sign in",
    "MAIL": "reverse-path, for bounces",
    "RCPT": "forward-path, a recipient",
    "DATA": "asks to send the content",
    "BDAT": "a chunk of the content",
    "RSET": "drop the mail transaction",
    "NOOP": "nothing to do",
    "VRFY": "does this mailbox exist?",
    "EXPN": "who is on this list?",
    "HELP": "asks for help",
    "QUIT": "end of the session",
}

# A reply of class 2 or 3, by the step that it replies to.
_DONE = {
    session.GREETING: "greets; EHLO is next",
    "HELO": "ready; no extensions",
    "STARTTLS": "TLS is next; EHLO is void",
    "MAIL": "mail transaction opened",
    "DATA": "waits for the content",
    "NOOP": "nothing changed",
    "VRFY": "gives nothing away",
    "EXPN": "names the list's members",
    "HELP": "a text for people",
    "QUIT": "session closed",
    session.END_OF_DATA: "takes over the mail object",
}

_OPEN = frozenset({State.MAIL, State.RCPT, State.DATA, State.BDAT, State.BDAT_FAILED})

Key = tuple[int, str]  # nth step of the connection, "C" or "S"


class ServerSide:
    """Reads the server's events of one connection and keeps one phrase a line."""

    def __init__(self) -> None:
        self._state = State.CONNECTED
        self._recipients = 0
        self._doing = session.GREETING
        self._phrases: dict[Key, str] = {}
        self._states: dict[int, State] = {}  # after the reply to a step

    def feed(self, event: Event) -> None:
        """Take in one event; its phrase waits until `phrase()` asks for it."""
        if event.kind is Kind.COMMAND:
            self._doing = verb_of(event.octets)
            known = _COMMAND.get(self._doing, "no command that it knows")
            self._keep(event.step, "C", known)
        elif event.kind is Kind.MAIL_DATA:
            self._doing = session.END_OF_DATA
            self._keep(event.step, "C", f"content, {event.length} octets in all")
        elif event.kind is Kind.RESPONSE:
            self._doing = session.CHALLENGE
            self._keep(event.step, "C", "response to the challenge")
        elif event.kind in (Kind.GREETING, Kind.REPLY, Kind.CHALLENGE):
            self._keep(event.step, "S", self._concluded(event))
            self._states[event.step] = self._state

    def phrase(self, step: int, who: str) -> str:
        """What the server made of it; "" if the server has said nothing about it."""
        return self._phrases.pop((step, who), "")

    def state_after(self, step: int) -> State | None:
        """Where the server stood after its reply; None if nobody recorded that."""
        return self._states.pop(step, None)

    def _keep(self, step: int, who: str, phrase: str) -> None:
        before = self._phrases.get((step, who))
        self._phrases[step, who] = f"{before}; then: {phrase}" if before else phrase

    def _concluded(self, event: Event) -> str:
        before, doing = self._state, self._doing
        self._state = after = State[str(event.detail["state"])]
        first_digit = event.octets[:1]
        if first_digit == b"3" and event.kind is Kind.CHALLENGE:
            return "waits for a response"
        if first_digit in b"45":
            return _refused(doing, before, after, first_digit == b"4")
        if doing == "RCPT":
            self._recipients += 1
            return f"recipient {self._recipients} accepted"
        self._recipients = 0
        if doing == "EHLO":
            offered = event.octets.count(b"\n") - 1
            dropped = "; mail transaction dropped" if before in _OPEN else ""
            return f"ready; offers {offered} extensions{dropped}"
        if doing == "RSET":
            return "mail transaction dropped" if before in _OPEN else "nothing was open"
        if doing in ("AUTH", session.CHALLENGE):
            return "signed in"
        return _DONE.get(doing, after.value)


def _refused(doing: str, before: State, after: State, for_now: bool) -> str:
    refused = "not now" if for_now else "refused"
    if after is State.CLOSED:
        return f"{refused}; session closed"
    if doing == session.END_OF_DATA:
        return f"{refused}; mail transaction over"
    if doing in ("AUTH", session.CHALLENGE):
        return f"{refused}; not signed in"
    return f"{refused}; nothing changed" if after is before else f"{refused}; {after.value}"


class Move(NamedTuple):
    """One reply as the client took it: to which step, with which code, and where it led."""

    step: str
    code: int
    before: State
    after: State


_CONCLUDED = {
    2: "done",
    3: "the server waits for more",
    4: "not now: later it may work",
    5: "no: the same again would fail",
}


class ClientSide:
    """Takes the client's events through the session table once more, and tells each move."""

    def __init__(self) -> None:
        self._replay = Replay()

    def feed(self, event: Event) -> Move | None:
        """Take in one event; a reply is a move, also where the state stays."""
        now = self._replay.session
        if event.kind is Kind.TLS:
            self._replay.tls_began()
        elif event.kind is Kind.CLOSE:
            now.connection_lost()
        elif event.kind in (Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA):
            self._replay.sent(event.kind, event.octets)
        elif event.kind in (Kind.GREETING, Kind.REPLY, Kind.CHALLENGE):
            reply, before = parsed(event.octets), now.state
            if reply is not None:
                step = self._replay.received(reply).step
                return Move(step, reply.code, before, now.state)
        return None


def concluded(move: Move) -> str:
    """What the client takes from a reply."""
    where = f"now {move.after.value}" if move.after is not move.before else "the state stays"
    return f"{_CONCLUDED[move.code // 100]}; {where}"
