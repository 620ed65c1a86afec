"""Service extensions: what a server offers in its EHLO reply (RFC 5321, 4.1.1.1 and 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smtplab.replies import Reply

# ehlo-line = ehlo-keyword *( SP ehlo-param ); ehlo-keyword = (ALPHA / DIGIT) *(ALPHA/DIGIT/"-")
# Some old servers write AUTH=LOGIN, a form from before RFC 2554; it means the same.
_EHLO_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]+(.*))?")


@dataclass(frozen=True)
class Extensions(Mapping[str, tuple[str, ...]]):
    """EHLO keywords in upper case, each with its parameters; a read-only mapping."""

    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    greeting: str = ""

    @classmethod
    def from_reply(cls, reply: Reply) -> Extensions:
        """Read the reply to EHLO; a line that is no keyword is passed over.

        >>> offered = Extensions.from_reply(Reply(250, (b"mx.example.net", b"SIZE 1000", b"DSN")))
        >>> dict(offered)
        {'SIZE': ('1000',), 'DSN': ()}
        """
        first, *rest = reply.lines
        keywords: dict[str, tuple[str, ...]] = {}
        for text in rest if reply.code == 250 else ():
            match = _EHLO_LINE.fullmatch(text.strip())
            if match:
                keyword = match[1].upper()
                parameters = tuple((match[2] or "").split())
                keywords[keyword] = keywords.get(keyword, ()) + parameters
        return cls(keywords, first)

    @property
    def auth_mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered, in the server's order (RFC 4954, 3)."""
        return tuple(dict.fromkeys(name.upper() for name in self.get("AUTH", ())))

    @property
    def size_limit(self) -> int | None:
        """Octets the server takes in one content; None if it names no limit (RFC 1870, 3)."""
        parameters = self.get("SIZE", ())
        known = parameters and parameters[0].isascii() and parameters[0].isdigit()
        return (int(parameters[0][:20]) or None) if known else None

    @property
    def shortest_by(self) -> int:
        """The fewest seconds that BY with R may ask for; 0 if no number is named (RFC 2852, 3)."""
        named = re.fullmatch(r"[0-9]{1,9}", " ".join(self.get("DELIVERBY", ())))
        return int(named[0]) if named else 0

    def __getitem__(self, keyword: str) -> tuple[str, ...]:
        return self.keywords[keyword.upper()]

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and keyword.upper() in self.keywords

    def __iter__(self) -> Iterator[str]:
        return iter(self.keywords)

    def __len__(self) -> int:
        return len(self.keywords)

    def __str__(self) -> str:
        return "\n".join(" ".join((keyword, *rest)) for keyword, rest in self.items())
