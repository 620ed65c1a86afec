"""Scripts: lines to send, `#` comments, and what is expected of the replies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from smtplab.cli.doors import UsageError
from smtplab.commands import line as command_line
from smtplab.commands import verb_of
from smtplab.errors import LocalProtocolError
from smtplab.session import State

if TYPE_CHECKING:
    from smtplab.cli.talk.conversation import Talk
    from smtplab.step_reply import StepReply

MAX_SCRIPT = 1_000_000  # characters; ours to choose, as for the rules of `serve --faults`

# A reply code, in which x, y and z stand for any digit, and words that the text has to hold.
_EXPECT = re.compile(r"\s*expect\s+([2-5xX][0-9xyzXYZ]{2})(?:\s+(\S.*?))?\s*", re.ASCII)
_MEANT = re.compile(r"\s*expect(\s|$)")


class Difference(NamedTuple):
    """Where a script and the server part; `failed` where the connection or a rule broke."""

    number: int
    text: str
    failed: bool = False


def read_script(name: str) -> list[str]:
    """The lines of a script; `UsageError` where it cannot be read."""
    try:
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(MAX_SCRIPT + 1)
    except (OSError, ValueError):
        raise UsageError(f"--script {name!r} cannot be read as a file") from None
    if len(text) > MAX_SCRIPT:
        raise UsageError(f"--script {name!r} is longer than {MAX_SCRIPT} characters")
    return text.removesuffix("\n").split("\n") if text else []


def play(talk: Talk, lines: Iterable[str]) -> Difference | None:
    """Send the lines; the first difference ends it."""
    unjudged_data = False
    for number, line in enumerate(lines, 1):
        if talk.client.state is not State.DATA:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if _MEANT.match(line):
                if difference := _judged(line, talk.reply):
                    return Difference(number, difference)
                talk.forgive()
                unjudged_data = False
                continue
            if unjudged_data:
                return Difference(
                    number,
                    f"DATA got {talk.reply.code} and not 354, so this line may be content and was "
                    "not sent; write what you expect after DATA if it is not",
                )
        if talk.is_over:
            return Difference(number, "the session was over before this line")
        verb = _verb(line) if talk.client.state is not State.DATA else ""
        talk.take(line)
        if talk.error is not None:
            return Difference(number, f"{talk.error}", failed=True)
        unjudged_data = verb == "DATA" and talk.client.state is not State.DATA
        if talk.left:
            return None
    return None


def _judged(line: str, reply: StepReply) -> str:
    """What is different between a reply and an `expect` line; "" if nothing is.

    >>> from smtplab.step_reply import StepReply
    >>> _judged("expect 2yz", StepReply(250, (b"OK",)))
    ''
    >>> _judged("expect 250 queued", StepReply(250, (b"OK",)))
    "expected 250 with 'queued', and the reply was 250 OK"
    """
    form = _EXPECT.fullmatch(line)
    if form is None:
        return f"{line.strip()!r} is not: expect CODE [WORDS], such as expect 550 5.1.1"
    pattern = re.sub("[xyz]", r"\\d", form[1].lower())
    if re.fullmatch(pattern, str(reply.code)) and (form[2] or "").lower() in str(reply).lower():
        return ""
    words = f" with {form[2]!r}" if form[2] else ""
    came = " / ".join(str(reply).split("\n"))
    return f"expected {form[1]}{words}, and the reply was {came}"


def _verb(line: str) -> str:
    try:
        return verb_of(command_line(line))
    except LocalProtocolError:
        return ""
