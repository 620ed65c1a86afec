"""A content as the score looks at it: header fields, and the body's first octets as they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from smtplab.sandbox.verdict.author import author_domains

LOOKED_AT = 65_536  # octets of the header section, and of the body: ample, and bounded

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_FIELD = re.compile(r"^([!-9;-~]+)[ \t]*:[ \t]*(.*?)\r?$", re.MULTILINE)


@dataclass(frozen=True)
class ContentFacts:
    """Header fields by lower-case name (the first of each), the body, the author's domains."""

    fields: dict[str, str]
    body: str  # not decoded: base64 and quoted-printable stay as they are
    author_domains: tuple[str, ...]

    def field(self, name: str) -> str:
        return self.fields.get(name, "")

    @cached_property
    def lower_body(self) -> str:
        """For a quick look whether a word stands in the body at all."""
        return self.body.lower()


def facts_of(content: bytes) -> ContentFacts:
    r"""Read the beginning of a content; never raises.

    >>> facts = facts_of(b"Subject: a\r\n b\r\nFROM: Bob <bob@example.net>\r\n\r\nbody\r\n")
    >>> facts.field("subject"), facts.body, facts.author_domains
    ('a b', 'body\r\n', ('example.net',))
    """
    end = 0 if content.startswith(b"\r\n") else content.find(b"\r\n\r\n")
    start_of_body = end + (2 if end == 0 else 4) if end >= 0 else len(content)
    end = end if end >= 0 else len(content)
    head = content[: min(end, LOOKED_AT)].decode("utf-8", "replace")
    body = content[start_of_body : start_of_body + LOOKED_AT].decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(_FOLD.sub("", head)):
        fields.setdefault(name.lower(), value)
    authors = author_domains(content[: end + 4] if end + 4 < len(content) else content)
    return ContentFacts(fields, body, authors)
