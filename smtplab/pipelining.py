"""Several commands in one write: groups, and many mail objects in a row (RFC 2920).

The content of one mail object and the opening of the next go out together, so each costs one
wait. Replies as they usually are need no parser, and what was read is noted down while the server
works on what was written; all else takes the way of every other step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from smtplab import session
from smtplab.dialogue import READ, Dialogue
from smtplab.mail_object import END_OF_MAIL_DATA
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Kind
from smtplab.transcript.hiding import command_secrets

Part = tuple[str, bytes]
"""A step (a verb, or end-of-data) and the octets that go out for it."""

CodeAndOctets = tuple[int, bytes]
"""A reply, short: nobody wants 100,000 of them explained."""


@dataclass(slots=True)
class Passage:
    """One mail object on its way over one connection."""

    opening: list[Part]  # MAIL, RCPT for each recipient, DATA
    content: bytes  # encoded, with its end of mail data
    replies: list[CodeAndOctets] = field(default_factory=list)  # to the opening
    handed_over: bool = False  # the content went out, or may have
    final: CodeAndOctets | None = None  # the reply to it
    ended: bool = False  # the reply to the content, or to RSET instead, is there

    @property
    def wants_content(self) -> bool:
        return bool(self.replies) and self.replies[-1][0] == 354

    @property
    def has_recipient(self) -> bool:
        return any(code < 300 for code, _ in self.replies[1:])


class Pipelining(Dialogue):
    """A dialogue that can send more before it has read all."""

    def _exchange_group(self, parts: Sequence[Part]) -> tuple[StepReply, ...]:
        """Send all parts in one write, then read the reply to each; fewer after a 421."""
        with self._lock:
            self._send(parts, self._note_commands)
            return self._read_replies(len(parts))

    def carry(self, passages: Iterable[Passage], pipelined: bool) -> Iterator[Passage]:
        """Send mail objects one after the other; gives each back when its last reply is there.

        Pipelined or step by step. In the transcript the newest replies may stand a moment late.
        """
        before: Passage | None = None
        turn = self._turn if pipelined else self._steps
        with self._lock:
            try:
                for passage in passages:
                    turn(before, passage)
                    if before is not None:
                        yield before
                    before = passage
                if before is not None:
                    turn(before, None)
                    yield before
            finally:
                self._note_owed()

    def _turn(self, before: Passage | None, passage: Passage | None) -> None:
        """Close one mail transaction and open the next in one write (RFC 2920, 3.1)."""
        parts = [_ending(before)] if before is not None else []
        if passage is not None:
            parts += passage.opening
        self._send(parts, self._note_turn)
        usual = self._usual_replies(parts)
        for reply in self._codes(len(parts)) if usual is None else usual:
            _take(before, passage, reply)

    def _steps(self, before: Passage | None, passage: Passage | None) -> None:
        """The same, each part after the reply to the one before."""
        parts = [_ending(before)] if before is not None else []
        parts += passage.opening if passage is not None else []
        for part in parts:
            if passage is not None and part[0] == "DATA" and not passage.has_recipient:
                continue
            self._send([part], self._note_turn)
            for reply in self._codes(1):
                _take(before, passage, reply)

    def _codes(self, number: int) -> Iterator[CodeAndOctets]:
        """One by one, so that what was read counts also where the next one never comes."""
        for _ in range(number):
            if self.state is State.CLOSED:
                return
            reply = self._read_reply()
            yield reply.code, reply.octets

    def _usual_replies(self, parts: Sequence[Part]) -> list[CodeAndOctets] | None:
        """The replies if they are 2yz, each in one line, and 354 to the last; None otherwise."""
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.of(parts[0][0])
        try:
            octets = self._stream.read(READ)
        except OSError:
            return None  # the usual way finds out what is wrong
        if parts[-1][0] != "DATA" or not _usual(len(parts) - 1).fullmatch(octets):
            self._note_owed()
            self._parser.feed(octets)
            return None
        lines = octets.splitlines(keepends=True)
        self._owed = parts, lines
        self.session.all_as_usual()
        return [(int(line[:3]), line) for line in lines]

    def _send(self, parts: Sequence[Part], note: Callable[[Sequence[Part]], None]) -> None:
        """Write first: the recording is done while the server works on its replies."""
        self._check_open()
        self._look_for_unasked()
        for step, _ in parts:
            self.session.sent(step)
        self.round_trips += 1
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.write
        try:
            try:
                self._stream.write(b"".join([octets for _, octets in parts]))
            finally:
                self._note_owed()
                self._step += len(parts)
                note(parts)
        except OSError as error:
            self._after_failed_write(error, parts[0][0])
        except BaseException:  # an interrupt: nobody knows how much went out
            self.session.out_of_step()
            raise

    def _read_replies(self, number: int) -> tuple[StepReply, ...]:
        replies: list[StepReply] = []
        while len(replies) < number and self.state is not State.CLOSED:
            replies.append(self._read_reply())
        return tuple(replies)

    # Noting down.

    _owed: tuple[Sequence[Part], list[bytes]] | None = None  # replies that were read

    def _note_commands(self, parts: Sequence[Part]) -> None:
        for number, (_, octets) in enumerate(parts, self._step - len(parts) + 1):
            secrets = command_secrets(octets)
            self._recorder.record(Kind.COMMAND, number, octets, secrets=secrets)

    def _note_turn(self, parts: Sequence[Part]) -> None:
        """Nothing in a turn is secret."""
        self._recorder.record_all(
            [
                (_KINDS.get(step, Kind.COMMAND), number, octets, _NO_NOTE)
                for number, (step, octets) in enumerate(parts, self._step - len(parts) + 1)
            ]
        )

    def _note_owed(self) -> None:
        if self._owed is not None:
            parts, lines = self._owed
            self._owed = None
            first = self._step - len(parts) + 1
            self._recorder.record_all(
                [
                    (Kind.REPLY, first + n, line, _USUAL_NOTES[parts[n][0]])
                    for n, line in enumerate(lines)
                ]
            )


def _ending(passage: Passage) -> Part:
    """What ends a mail transaction: its content where that is wanted, else RSET."""
    if not passage.wants_content:
        return "RSET", b"RSET\r\n"
    passage.handed_over = True
    # 354 although no recipient was taken: an empty content ends that (RFC 2920, 3.1).
    octets = passage.content if passage.has_recipient else END_OF_MAIL_DATA
    return session.END_OF_DATA, octets


def _take(before: Passage | None, passage: Passage | None, reply: CodeAndOctets) -> None:
    """The first reply belongs to what ended the mail object before."""
    if before is not None and not before.ended:
        before.ended = True
        before.final = reply if before.handed_over else None
    elif passage is not None:
        passage.replies.append(reply)


_KINDS = {session.END_OF_DATA: Kind.MAIL_DATA}
_NO_NOTE: tuple[()] = ()
_USUAL_NOTES = {
    session.END_OF_DATA: State.READY.note,
    "RSET": State.READY.note,
    "MAIL": State.MAIL.note,
    "RCPT": State.RCPT.note,
    "DATA": State.DATA.note,
}


@cache
def _usual(positive: int) -> re.Pattern[bytes]:
    text = rb"[\t\x20-\x7e]{0,506}\r\n"
    return re.compile(rb"(?:2[0-5][0-9] %s){%d}354 %s" % (text, positive, text))
