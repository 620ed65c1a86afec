"""A terminal's text, as of telnet: replies by their code, everything else is what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.commands import verb_of
from smtplab.importing.said import Format, Lines, Said, Who, octets
from smtplab.session import VERBS

_REPLY = re.compile(r"([2-5]\d\d)(?:([ -])|$)")
_TELNET = re.compile(r"Trying |Connected to |Escape character is ")
_CLOSED = re.compile(r"Connection (?:to .* )?closed")


class Speakers:
    """Tells who speaks where no mark says it: after 354 all is content, up to a dot alone."""

    def __init__(self) -> None:
        self.in_content = False
        self._asked = False  # a 334 came, so what is typed next is a response

    def who(self, line: str) -> Who:
        """Whose line this is."""
        reply = None if self.in_content else _REPLY.match(line)
        if reply is None:
            if self.in_content:
                self.in_content = line != "."
                return Who.CLIENT
            known = self._asked or verb_of(octets(line)) in VERBS
            self._asked = False
            return Who.CLIENT if known else Who.UNREAD
        self.in_content = reply[1] == "354" and reply[2] != "-"
        self._asked = reply[1] == "334"
        return Who.SERVER


def read(lines: Lines) -> Iterator[Said]:
    """Lines of a terminal; one that is no reply, verb or content is not read."""
    speakers = Speakers()
    for number, line in lines:
        if _CLOSED.match(line):
            yield Said(number, Who.CLOSE)
        elif not _TELNET.match(line) and (line or speakers.in_content):
            yield Said(number, speakers.who(line), octets(line))


FORMAT = Format("terminal", "a terminal's text", _REPLY.match, read)
