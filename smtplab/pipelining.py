"""Several commands in one write: groups, and many mail objects in a row (RFC 2920).

The content of one mail object and the opening of the next go out together, so each costs one
wait. What can be done while the server works on them is done then: what was read is noted down,
the mail object before is given back, the one after is made ready. Replies as they usually are need
no parser; all else takes the way of every other step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from smtplab import session
from smtplab.dialogue import READ, Dialogue
from smtplab.mail_object import END_OF_MAIL_DATA
from smtplab.replies import Reply, usual_reply
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Kind
from smtplab.transcript.hiding import command_secrets

Part = tuple[str, bytes]
"""A step (a verb, or end-of-data) and the octets that go out for it."""


@dataclass(slots=True)
class Passage:
    """One mail object on its way over one connection."""

    opening: list[Part]  # MAIL, RCPT for each recipient, DATA
    content: bytes  # encoded, with its end of mail data
    replies: list[Reply] = field(default_factory=list)  # to the opening
    handed_over: bool = False  # the content went out, or may have
    final: Reply | None = None  # the reply to it
    ended: bool = False  # the reply to the content, or to RSET instead, is there

    @property
    def wants_content(self) -> bool:
        return bool(self.replies) and self.replies[-1].code == 354

    @property
    def has_recipient(self) -> bool:
        return any(reply.code < 300 for reply in self.replies[1:])


class Pipelining(Dialogue):
    """A dialogue that can send more before it has read all."""

    def _exchange_group(self, parts: Sequence[Part]) -> tuple[StepReply, ...]:
        """Send all parts in one write, then read the reply to each; fewer after a 421."""
        with self._lock:
            self._send(parts, self._note_commands)
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
                    parts = self._write_turn(before, passage) if pipelined else []
                    following = next(upcoming, None)
                    if ended is not None:
                        yield ended
                    if pipelined:
                        self._read_turn(parts, before, passage)
                    else:
                        self._steps(before, passage)
                    ended, before, passage = before, passage, following
                if ended is not None:
                    yield ended
            finally:
                self._note_turn([])

    def _write_turn(self, before: Passage | None, passage: Passage | None) -> list[Part]:
        """Close one mail transaction and open the next in one write (RFC 2920, 3.1)."""
        parts = [_ending(before)] if before is not None else []
        if passage is not None:
            parts += passage.opening
        self._send(parts, self._note_turn)
        return parts

    def _read_turn(
        self, parts: Sequence[Part], before: Passage | None, passage: Passage | None
    ) -> None:
        for reply in self._usual_replies(parts) or self._replies(len(parts)):
            _take(before, passage, reply)

    def _steps(self, before: Passage | None, passage: Passage | None) -> None:
        """The same, each part after the reply to the one before."""
        parts = [_ending(before)] if before is not None else []
        parts += passage.opening if passage is not None else []
        for part in parts:
            if passage is not None and part[0] == "DATA" and not passage.has_recipient:
                continue
            self._send([part], self._note_turn)
            for reply in self._replies(1):
                _take(before, passage, reply)

    def _replies(self, number: int) -> Iterator[Reply]:
        """One by one, so that what was read counts also where the next one never comes."""
        for _ in range(number):
            if self.state is State.CLOSED:
                return
            reply = self._read_reply()
            yield Reply(reply.code, reply.texts)  # nobody wants 100,000 of them explained

    def _usual_replies(self, parts: Sequence[Part]) -> Sequence[Reply]:
        """The replies if they are 2yz, each in one line, and 354 to the last; none otherwise."""
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.of(parts[0][0])
        try:
            octets = self._stream.read(READ)
        except OSError:
            return ()  # the usual way finds out what is wrong
        lines = octets.splitlines(keepends=True)
        replies = [reply for line in lines if (reply := usual_reply(line))]
        if len(lines) == len(replies) == len(parts) and _all_is_well(replies):
            self._owed = parts, lines
            self.session.all_as_usual()
            return replies
        self._note_turn([])
        self._parser.feed(octets)
        return ()

    def _send(self, parts: Sequence[Part], note: Callable[[Sequence[Part]], None]) -> None:
        """Write first: the recording is done while the server works on its replies."""
        self._check_open()
        self._look_for_unasked()
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.write
        try:
            try:
                self._stream.write(b"".join([octets for _, octets in parts]))
            finally:
                self.session.sent(*[step for step, _ in parts])
                self.round_trips += 1
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

    _owed: tuple[Sequence[Part], list[bytes]] = (), []  # replies that were read, to what

    def _note_commands(self, parts: Sequence[Part]) -> None:
        for number, (_, octets) in enumerate(parts, self._step + 1):
            secrets = command_secrets(octets)
            self._recorder.record(_COMMAND, number, octets, secrets=secrets)
        self._step += len(parts)

    def _note_turn(self, parts: Sequence[Part]) -> None:
        """The replies to the turn before, then what went out now; nothing in it is secret."""
        (answered, lines), self._owed = self._owed, ((), [])
        first, following = self._step - len(answered) + 1, self._step + 1
        self._step += len(parts)
        self._recorder.record_all(
            [
                (_REPLY, number, line, _USUAL_NOTES[step])
                for number, (step, _), line in zip(count(first), answered, lines, strict=False)
            ]
            + [
                (_KINDS.get(step, _COMMAND), number, octets, _NO_NOTE)
                for number, (step, octets) in enumerate(parts, following)
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


def _take(before: Passage | None, passage: Passage | None, reply: Reply) -> None:
    """The first reply belongs to what ended the mail object before."""
    if before is not None and not before.ended:
        before.ended = True
        before.final = reply if before.handed_over else None
    elif passage is not None:
        passage.replies.append(reply)


def _all_is_well(replies: Sequence[Reply]) -> bool:
    *codes, last = [reply.code for reply in replies]
    return last == 354 and bool(codes) and 200 <= min(codes) and max(codes) < 300


_COMMAND, _REPLY = Kind.COMMAND, Kind.REPLY  # found once, as in `dialogue`
_KINDS = {session.END_OF_DATA: Kind.MAIL_DATA}
_NO_NOTE: tuple[()] = ()
_USUAL_NOTES = {
    session.END_OF_DATA: State.READY.note,
    "RSET": State.READY.note,
    "MAIL": State.MAIL.note,
    "RCPT": State.RCPT.note,
    "DATA": State.DATA.note,
}
