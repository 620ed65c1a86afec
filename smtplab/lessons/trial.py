"""A trial: a guess at the reply code first, then the real command, then both side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smtplab import commands
from smtplab.lessons.card import Card
from smtplab.lessons.prediction import predict
from smtplab.sandbox import Sandbox
from smtplab.sandbox.little_internet import EXCHANGE
from smtplab.step_reply import StepReply
from smtplab.transcript import Event

_CODE = re.compile(r"[2-5][0-9]{2}", re.ASCII)  # RFC 5321, 4.2: Reply-code, wide as servers are


@dataclass(frozen=True)
class Outcome:
    """What was guessed, what came, and the conversation in which it came."""

    guess: str
    reply: StepReply
    compared: Card
    events: tuple[Event, ...]

    @property
    def code(self) -> str:
        return str(self.reply.code)


class Trial:
    """A question about the reply to the last of some lines.

    Nothing leaves before `make(guess)`: not even the connection is there. So a learner may think
    for an hour, and every attempt begins with a fresh session. Octets go out as they are; text gets
    its CR LF. `options` is the why of each reply code that can be chosen.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        question: str,
        lines: Sequence[str | bytes],
        options: Mapping[str, str],
        at: tuple[str, int] = (EXCHANGE, 25),
    ) -> None:
        if not lines or isinstance(lines, str | bytes):
            raise ValueError('lines is a list of what is sent, such as ["EHLO a.example", "DATA"]')
        for code in options:
            read_code(code)
        self.sandbox, self.question = sandbox, question
        self.lines = [one if isinstance(one, bytes) else commands.line(one) for one in lines]
        self.options = dict(options)
        self.host, self.port = at
        self.outcome: Outcome | None = None

    def make(self, guess: object) -> Outcome:
        """Take the guess, then send the lines. `ValueError` if it is no reply code.

        A lost connection is raised, and the guess is free again.
        """
        if self.outcome is not None:
            raise ValueError("The guess is made. Press Guess again to begin anew.")
        code = read_code(guess)
        with self.sandbox.start().connect(self.host, self.port) as client:
            reply = client.greeting
            for octets in self.lines:
                # By hand TLS would not begin after the 220, and the next line would be no use.
                tls = octets == commands.starttls()
                reply = client.starttls() if tls else client.send_raw(octets)
            events = client.transcript.events
        compared = predict(self.question, code).compare(reply)
        self.outcome = Outcome(code, reply, compared, tuple(events))
        return self.outcome

    def again(self) -> None:
        """Forget the guess and what came."""
        self.outcome = None


def read_code(guess: object) -> str:
    """A reply code as its three digits; `ValueError` says what one looks like.

    >>> read_code(503), read_code(" 354 ")
    ('503', '354')
    """
    code = str(guess).strip()
    if not _CODE.fullmatch(code):
        raise ValueError("A reply code is three digits, and the first one is 2, 3, 4 or 5.")
    return code
