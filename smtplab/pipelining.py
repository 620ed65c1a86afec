"""Several commands in one write: groups, and many mail objects in a row (RFC 2920).

The content of one mail object and the opening of the next go out together, so each costs one
wait. What can be done while the server works on them is done then: what was read is noted down,
the mail object before is given back, the one after is made ready. Replies as they usually are need
no parser; all else takes the way of every other step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from smtplab import session
from smtplab.dialogue import READ, Dialogue
from smtplab.mail_object import END_OF_MAIL_DATA
from smtplab.replies import Reply, usual_reply
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Kind
from smtplab.transcript.hiding import command_secrets
from smtplab.transcript.notes import Shape, shape

Steps = tuple[str, ...]
"""What goes out together: verbs, or the end of data."""

Turn = tuple[Steps, Sequence[bytes]]
"""The same with their octets."""


@dataclass(slots=True)
class Passage:
    """One mail object on its way over one connection."""

    steps: Steps  # of the opening: MAIL, RCPT for each recipient, DATA
    opening: Sequence[bytes]  # a command line for each step
    content: bytes  # encoded, with its end of mail data
    replies: Sequence[Reply] = ()  # to the opening
    all_is_well: bool = False  # every recipient was taken, and 354 asks for the content
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

    def _exchange_group(self, parts: Sequence[tuple[str, bytes]]) -> tuple[StepReply, ...]:
        """Send all parts in one write, then read the reply to each; fewer after a 421."""
        with self._lock:
            steps, octets = zip(*parts, strict=True)
            self._send(steps, octets, self._note_commands)
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
                turn = _opening(passage)
                while before is not None or passage is not None:
                    if pipelined:
                        self._write_turn(turn, before)
                    following = next(upcoming, None)
                    turn = _if_all_is_well(passage, following)
                    if ended is not None:
                        yield ended
                    if not pipelined:
                        self._step_by_step(before, passage)
                    elif not self._read_usual(before, passage):
                        self._read_turn(before, passage)
                        turn = _turn(passage, following)
                    ended, before, passage = before, passage, following
                if ended is not None:
                    yield ended
            finally:
                self._note_turn((), ())

    def _write_turn(self, turn: Turn, before: Passage | None) -> None:
        """Close one mail transaction and open the next in one write (RFC 2920, 3.1)."""
        if before is not None:
            before.handed_over = turn[0][0] == session.END_OF_DATA
        self._send(*turn, self._note_turn)

    def _read_turn(self, before: Passage | None, passage: Passage | None) -> None:
        """Replies of any kind, read as those of every other step."""
        self._note_turn((), ())
        for reply in self._replies(self.session.unanswered):
            _take(before, passage, reply)

    def _read_usual(self, before: Passage | None, passage: Passage | None) -> bool:
        """Whether all replies came at once, each 2yz in one line, and 354 to the last."""
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.of(self._waited_for())
        try:
            octets = self._stream.read(READ)
        except OSError:  # the usual way finds out what is wrong
            return False
        if self._took_usual(octets, before, passage):
            return True
        self._parser.feed(octets)
        return False

    def _took_usual(self, octets: bytes, before: Passage | None, passage: Passage | None) -> bool:
        end = octets.find(b"\n") + 1 if before is not None else 0
        final = usual_reply(octets[:end]) if end else None
        lines, replies = _usual_opening(octets[end:])
        if passage is None or len(replies) != len(passage.steps):
            return False
        if before is not None:
            if final is None or final.code >= 300:
                return False
            lines = octets[:end], *lines
            before.ended = True
            before.final = final if before.handed_over else None
        passage.replies = replies
        passage.all_is_well = True
        self._owed = self.session.awaited, lines
        self.session.all_as_usual()
        return True

    def _step_by_step(self, before: Passage | None, passage: Passage | None) -> None:
        """The same, each step after the reply to the one before."""
        for step, octets in zip(*_turn(before, passage), strict=True):
            if passage is not None and step == "DATA" and not passage.has_recipient:
                continue
            if before is not None and step == session.END_OF_DATA:
                before.handed_over = True
            self._send((step,), (octets,), self._note_turn)
            for reply in self._replies(1):
                _take(before, passage, reply)

    def _replies(self, number: int) -> Iterator[Reply]:
        """One by one, so that what was read counts also where the next one never comes."""
        for _ in range(number):
            if self.state is State.CLOSED:
                return
            reply = self._read_reply()
            yield Reply(reply.code, reply.texts)  # nobody wants 100,000 of them explained

    def _send(
        self,
        steps: Steps,
        octets: Sequence[bytes],
        note: Callable[[Steps, Sequence[bytes]], None],
    ) -> None:
        """Write first: the recording is done while the server works on its replies."""
        self._check_open()
        self._look_for_unasked()
        if self._timeouts is not None:
            self._stream.timeout = self._timeouts.write
        try:
            try:
                self._stream.write(b"".join(octets))
            finally:
                self.session.sent(*steps)
                self.round_trips += 1
                note(steps, octets)
        except OSError as error:
            self._after_failed_write(error, steps[0])
        except BaseException:  # an interrupt: nobody knows how much went out
            self.session.out_of_step()
            raise

    def _read_replies(self, number: int) -> tuple[StepReply, ...]:
        replies: list[StepReply] = []
        while len(replies) < number and self.state is not State.CLOSED:
            replies.append(self._read_reply())
        return tuple(replies)

    # Noting down.

    _owed: Turn = (), ()  # replies that were read, to what

    def _note_commands(self, steps: Steps, octets: Sequence[bytes]) -> None:
        for number, line in enumerate(octets, self._step + 1):
            self._recorder.record(_COMMAND, number, line, secrets=command_secrets(line))
        self._step += len(steps)

    def _note_turn(self, steps: Steps, octets: Sequence[bytes]) -> None:
        """The replies to the turn before, then what went out now; nothing in it is secret."""
        (answered, lines), self._owed = self._owed, ((), ())
        first = self._step - len(answered) + 1
        self._step += len(steps)
        self._recorder.record_all(_shape(answered, steps), first, (*lines, *octets))


def _opening(passage: Passage | None) -> Turn:
    return ((), ()) if passage is None else (passage.steps, passage.opening)


def _turn(before: Passage | None, passage: Passage | None) -> Turn:
    """What ends one mail transaction, by its replies, and opens the next."""
    if before is None:
        return _opening(passage)
    step, ending = session.END_OF_DATA, before.content
    if not before.wants_content:
        step, ending = "RSET", b"RSET\r\n"
    elif not before.has_recipient:  # but 354: an empty content ends that (RFC 2920, 3.1)
        ending = END_OF_MAIL_DATA
    steps, octets = _opening(passage)
    return (step, *steps), (ending, *octets)


def _if_all_is_well(before: Passage | None, passage: Passage | None) -> Turn:
    """The same, made while the replies are on their way, as if they were as usual."""
    if before is None:
        return _opening(passage)
    if passage is None:
        return (session.END_OF_DATA,), (before.content,)
    return (session.END_OF_DATA, *passage.steps), (before.content, *passage.opening)


def _take(before: Passage | None, passage: Passage | None, reply: Reply) -> None:
    """The first reply belongs to what ended the mail object before."""
    if before is not None and not before.ended:
        before.ended = True
        before.final = reply if before.handed_over else None
    elif passage is not None:
        passage.replies = [*passage.replies, reply]


@lru_cache(64)  # a server says the same to each opening, and something new to each content
def _usual_opening(octets: bytes) -> tuple[Sequence[bytes], Sequence[Reply]]:
    """The lines and replies if they are 2yz, each in one line, and 354 at last; else nothing."""
    lines = octets.splitlines(keepends=True)
    replies = [reply for line in lines if (reply := usual_reply(line))]
    *codes, last = [reply.code for reply in replies] or [0]
    if len(lines) == len(replies) and last == 354 and codes and max(codes) < 300:
        return lines, replies
    return (), ()


_COMMAND, _REPLY = Kind.COMMAND, Kind.REPLY  # found once, as in `dialogue`
_KINDS = {session.END_OF_DATA: Kind.MAIL_DATA}
_USUAL_NOTES = {
    session.END_OF_DATA: State.READY.note,
    "RSET": State.READY.note,
    "MAIL": State.MAIL.note,
    "RCPT": State.RCPT.note,
    "DATA": State.DATA.note,
}


@lru_cache(64)
def _shape(answered: Steps, sent: Steps) -> Shape:
    """What stands in the transcript for the replies to some steps, and then for other steps."""
    replies = [(_REPLY, _USUAL_NOTES[step]) for step in answered]
    return shape([*replies, *[(_KINDS.get(step, _COMMAND), ()) for step in sent]])
