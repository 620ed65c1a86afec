"""Several commands in one write: groups, and many mail objects in a row (RFC 2920).

The content of one mail object and the opening of the next go out together, so each costs one
wait. What can be done while the server works on them is done then: what was read is noted down,
the mail object before is given back, the one after is made ready. Replies as they usually are need
no parser; all else takes the way of every other step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from smtplab import commands, session
from smtplab.dialogue import READ, Dialogue
from smtplab.mail_object import END_OF_MAIL_DATA
from smtplab.replies import Reply, usual_reply
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Kind
from smtplab.transcript.hiding import command_secrets
from smtplab.transcript.turn import Shape

Steps = tuple[str, ...]
"""Verbs, or end-of-data: what the parts of one write are."""

Turn = tuple[Steps, bytes, bytes]
"""What ends one mail transaction and what opens the next, and the steps of both."""


@dataclass
class Passage:
    """One mail object on its way over one connection."""

    steps: Steps  # MAIL, RCPT for each recipient, DATA
    opening: bytes  # their command lines
    content: bytes  # encoded, with its end of mail data
    # What follows is set when it happens.
    replies: Sequence[Reply] = field(default=(), init=False)  # to the opening
    is_as_usual: bool = field(default=False, init=False)  # all taken, and the content asked for
    handed_over: bool = field(default=False, init=False)  # the content went out, or may have
    final: Reply | None = field(default=None, init=False)  # the reply to it
    ended: bool = field(default=False, init=False)  # it is there, or that to RSET instead

    def end(self, reply: Reply) -> None:
        """Take the reply to the content, or to RSET in its place."""
        self.ended = True
        self.final = reply if self.handed_over else None

    def ends_well(self, octets: bytes) -> bool:
        """Take the reply that these octets are, if it is 2yz in one line."""
        reply = usual_reply(octets)
        if reply is None or reply.code >= 300:
            return False
        self.end(reply)
        return True

    @property
    def wants_content(self) -> bool:
        return self.is_as_usual or (bool(self.replies) and self.replies[-1].code == 354)

    @property
    def has_recipient(self) -> bool:
        return self.is_as_usual or any(reply.code < 300 for reply in self.replies[1:])


class Pipelining(Dialogue):
    """A dialogue that can send more before it has read all."""

    def _exchange_group(self, steps: Steps, parts: tuple[bytes, ...]) -> tuple[StepReply, ...]:
        """Send all parts in one write, then read the reply to each; fewer after a 421."""
        with self._lock:
            self._send(steps, b"".join(parts), self._note_commands, parts)
            return self._read_replies(len(parts))

    def carry(self, passages: Iterable[Passage], pipelined: bool) -> Iterator[Passage]:
        """Send mail objects one after the other; gives each back when its last reply is there.

        Pipelined or step by step. One passage more than is on its way is taken. In the transcript
        the newest replies may stand a moment late.
        """
        upcoming = iter(passages)
        ended: Passage | None = None
        before: Passage | None = None
        with self._lock:
            try:
                passage = next(upcoming, None)
                while before is not None or passage is not None:
                    turn = steps, ending, opening = _turn(before, passage)
                    if pipelined:  # the end of one and the opening of the next (RFC 2920, 3.1)
                        self._send(steps, ending + opening, self._note_turn, len(ending))
                    following = next(upcoming, None)
                    if ended is not None:
                        yield ended
                    if not pipelined:
                        self._step_by_step(turn, before, passage)
                    elif passage is None or not self._went_as_usual(steps, before, passage):
                        for reply in self._replies(len(steps)):
                            _take(before, passage, reply)
                    ended, before, passage = before, passage, following
                if ended is not None:
                    yield ended
            finally:
                self._note_turn((), b"", 0)

    def _went_as_usual(self, steps: Steps, before: Passage | None, passage: Passage) -> bool:
        """Read at once: replies of one line each, 354 to the last and 2yz to all others."""
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.of(steps[0])
        try:
            octets = self._stream.read(READ)
        except OSError:
            return False  # the usual way finds out what is wrong
        end = octets.find(b"\n") + 1 if before is not None else 0
        opening = _usual_opening(octets[end:])
        if len(opening) == len(passage.steps) and (
            before is None or before.ends_well(octets[:end])
        ):
            passage.replies, passage.is_as_usual = opening, True
            self._owed = steps, octets
            self.session.all_as_usual()
            return True
        self._parser.feed(octets)
        return False

    def _step_by_step(self, turn: Turn, before: Passage | None, passage: Passage | None) -> None:
        """The same, each part after the reply to the one before."""
        steps, ending, opening = turn
        parts = [ending] if ending else []
        parts += opening.splitlines(keepends=True)
        for step, octets in zip(steps, parts, strict=True):
            if passage is not None and step == "DATA" and not passage.has_recipient:
                continue
            self._send((step,), octets, self._note_turn, len(octets))
            for reply in self._replies(1):
                _take(before, passage, reply)

    def _replies(self, number: int) -> Iterator[Reply]:
        """One by one, so that what was read counts also where the next one never comes."""
        for _ in range(number):
            if self.state is State.CLOSED:
                return
            reply = self._read_reply()
            yield Reply(reply.code, reply.texts)  # nobody wants 100,000 of them explained

    def _send(self, steps: Steps, octets: bytes, note: Callable[..., None], parts: object) -> None:
        """Write first: `note` records it while the server works on its replies."""
        self._check_open()
        self._look_for_unasked()
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.write
        try:
            try:
                self._stream.write(octets)
            finally:
                self.session.sent(*steps)
                self.round_trips += 1
                note(steps, octets, parts)
        except OSError as error:
            self._after_failed_write(error, steps[0])
        except BaseException as error:  # an interrupt: nobody knows how much went out
            raise self._broken_off(error, f"{steps[0]} was being sent") from None

    def _read_replies(self, number: int) -> tuple[StepReply, ...]:
        replies: list[StepReply] = []
        while len(replies) < number and self.state is not State.CLOSED:
            replies.append(self._read_reply())
        return tuple(replies)

    # Noting down.

    _owed: tuple[Steps, bytes] = (), b""  # replies that were read, to what

    def _note_commands(self, steps: Steps, together: bytes, parts: tuple[bytes, ...]) -> None:
        for number, octets in enumerate(parts, self._step + 1):
            secrets = command_secrets(octets)
            self._recorder.record(_COMMAND, number, octets, secrets=secrets)
        self._step += len(parts)

    def _note_turn(self, steps: Steps, sent: bytes, first: int) -> None:
        """The replies to the turn before, then what went out now, whose first part has so many
        octets; nothing in it is secret."""
        (answered, received), self._owed = self._owed, ((), b"")
        if answered or steps:
            step = self._step + 1 - len(answered)
            self._step += len(steps)
            self._recorder.record_turn(step, (_shape(answered, steps), received, sent, first))


def _turn(before: Passage | None, passage: Passage | None) -> Turn:
    steps, opening = (passage.steps, passage.opening) if passage is not None else ((), b"")
    if before is None:
        return steps, b"", opening
    if not before.wants_content:
        return ("RSET", *steps), commands.rset(), opening
    before.handed_over = True
    # 354 although no recipient was taken: an empty content ends that (RFC 2920, 3.1).
    content = before.content if before.has_recipient else END_OF_MAIL_DATA
    return (session.END_OF_DATA, *steps), content, opening


def _take(before: Passage | None, passage: Passage | None, reply: Reply) -> None:
    """The first reply belongs to what ended the mail object before."""
    if before is not None and not before.ended:
        before.end(reply)
    elif passage is not None:
        passage.replies = (*passage.replies, reply)


@lru_cache(64)  # a server says the same again and again
def _usual_opening(octets: bytes) -> tuple[Reply, ...]:
    """The replies that these octets are, if the last is 354 and all others are 2yz; else none."""
    replies = [usual_reply(line) for line in octets.splitlines(keepends=True)]
    codes = [reply.code if reply else 0 for reply in replies]
    if not codes or codes.pop() != 354 or {code // 100 for code in codes} != {2}:
        return ()
    return tuple(reply for reply in replies if reply)


@lru_cache(64)  # it depends on little but the number of recipients
def _shape(answered: Steps, steps: Steps) -> Shape:
    replies = [(str(_REPLY.value), _USUAL_NOTES[step]) for step in answered]
    return *replies, *[(str(_KINDS.get(step, _COMMAND).value), ()) for step in steps]


_COMMAND, _REPLY = Kind.COMMAND, Kind.REPLY  # found once, as in `dialogue`
_KINDS = {session.END_OF_DATA: Kind.MAIL_DATA}
_USUAL_NOTES = {
    session.END_OF_DATA: State.READY.note,
    "RSET": State.READY.note,
    "MAIL": State.MAIL.note,
    "RCPT": State.RCPT.note,
    "DATA": State.DATA.note,
}
