"""The author's domain, as the From header field names it (RFC 5322, 3.6.2; RFC 9989, 5.3.1)."""

from __future__ import annotations

import re

from smtplab.mail_object import header_section
from smtplab.sandbox.verdict.lookups import ascii_domain, normal

LONGEST_FROM = 16_384  # octets of the header field: our own limit
_FROM = re.compile(rb"^from[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r'\\.|[()"<>,;:]|[^\\()"<>,;:]+|\\', re.DOTALL)
_DOMAIN = re.compile(r"[a-z0-9._-]+|\[[a-z0-9.:]+\]")


def author_domains(content: bytes) -> tuple[str, ...]:
    """The domains in From, each once; () unless there is one such header field that can be read.

    >>> author_domains(b'From: "a@example.com" <Bob@Example.ORG>\\r\\n\\r\\n')
    ('example.org',)
    """
    fields = _FROM.findall(header_section(content))
    if len(fields) != 1 or len(fields[0]) > LONGEST_FROM:
        return ()
    try:
        written = mailboxes(fields[0].decode("utf-8"))
    except ValueError:
        return ()
    domains = [ascii_domain(normal(mailbox.rpartition("@")[2])) or "" for mailbox in written]
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        return ()
    return tuple(dict.fromkeys(domains))


def mailboxes(field: str) -> list[str]:
    r"""The addr-specs of an address list, without comments and names; raises ValueError.

    >>> mailboxes('A (x@example.com) <a@example.org>, Team: "b, c"@example.net;')
    ['a@example.org', '""@example.net']
    """
    found: list[str] = []
    plain, angle = "", ""  # what stands outside of angle brackets, and inside
    depth, place = 0, "outside"  # or "inside", "after"; `depth` of comments
    quoted = False

    def finish() -> None:
        nonlocal plain, angle, place
        mailbox = "".join((angle if place == "after" else plain).split())
        if place == "inside" or (plain + angle and "@" not in mailbox[1:]):
            raise ValueError(f"{mailbox!r} is no mailbox")
        if mailbox:
            found.append(mailbox)
        plain, angle, place = "", "", "outside"

    for token in _TOKEN.findall(field):
        if quoted:
            quoted = token != '"'
            continue
        if token in "()":
            depth += 1 if token == "(" else -1
            if depth < 0:
                raise ValueError("a comment ends that has not begun")
            continue
        if depth:
            continue
        if token == '"':
            quoted, token = True, '""'
        if token == "<" and place == "outside":
            place = "inside"
        elif token == ">" and place == "inside":
            place = "after"
        elif token in "<>" or (place == "after" and token not in ",;" and token.strip()):
            raise ValueError("angle brackets stand where none are allowed")
        elif place == "inside":
            angle += token
        elif token in (",", ";"):
            finish()
        elif token == ":":
            plain = ""  # what stood before was the name of a group
        elif place == "outside":
            plain += token
    finish()
    if quoted or depth:
        raise ValueError("a quoted string or a comment does not end")
    return found
