"""The steps of a console, so that the last can be taken back by a replay of those before it.

A mail that a server took cannot be called back (RFC 5321, 4.2.5): undo makes the world anew.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_STEPS = 500  # that a replay repeats; ours to choose


class Step(NamedTuple):
    """One thing that was done, by its name, and what was sent."""

    do: str  # "connect", "send" or "chunk"
    text: str = ""
    last: bool = False  # of a chunk
    scripted: bool = False

    @property
    def told(self) -> str:
        """What it was, without what may be a secret."""
        if self.do == "connect":
            return "the new connection"
        if self.do == "chunk":
            return "the chunk"
        words = self.text.split(maxsplit=1)
        one_line = "\n" not in self.text.strip()
        return f"the line {words[0][:20]!r}" if words and one_line else "what was sent last"


class History:
    """All steps since the sandbox was new, and why they are not all that happened."""

    def __init__(self, outside: str = "") -> None:
        self.steps: list[Step] = []
        self.replies: list[bytes] = []  # the octets of each, for the comparison
        self.outside = outside  # what came from outside the console; "" if nothing did

    def replied(self, octets: bytes) -> None:
        """Note a reply, unless there are too many steps already."""
        if len(self.steps) <= MAX_STEPS:
            self.replies.append(octets)

    @property
    def why_no_undo(self) -> str:
        """Why the last step cannot be taken back; "" if it can."""
        if self.outside:
            return f"no undo: {self.outside}, and a replay would leave that out"
        if len(self.steps) > MAX_STEPS:
            return f"no undo: there are more than {MAX_STEPS} steps to repeat"
        if len(self.steps) < 2:
            return "no undo: nothing was sent yet"
        return ""
