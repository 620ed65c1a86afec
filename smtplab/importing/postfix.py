"""A verbose Postfix log (`smtp -v`, `smtpd -v`): the client's side or the server's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

_HEAD = r"[^\[]{0,200}postfix[\w.-]*/(?:[\w.-]+/)*(smtpd?|submissions?|smtps)\[(\d{1,10})\]: "
# `>` is what this program sent: smtp is the client, smtpd (also as submission) the server.
_LINE = re.compile(_HEAD + r"([<>]) ([^ \[]{1,255}\[[^\]]{1,80}\](?::\d{1,5})?): ?(.*)", re.DOTALL)
_TLS = re.compile(
    _HEAD + r"(Anonymous|Untrusted|Trusted|Verified) TLS connection established (?:to|from) "
    r"([^ \[]{1,255}\[[^\]]{1,80}\](?::\d{1,5})?): (\S+)"
)
_CONNECT = re.compile(_HEAD + r"connect from ([^ \[]{1,255}\[[^\]]{1,80}\])")
_DISCONNECT = re.compile(_HEAD + r"disconnect from ([^ \[]{1,255}\[[^\]]{1,80}\])")
_PLACE = re.compile(r"([^\[]*)\[([^\]]*)\](?::(\d+))?")


def read(lines: Lines) -> Iterator[Said]:
    """Lines of a log; each process and peer is a connection. Content is not logged."""
    known: set[str] = set()
    for number, line in lines:
        if said := _LINE.match(line):
            program, process, arrow, peer, text = said.groups()
            is_client = program == "smtp"
            key = _key(process, peer)
            if is_client and key not in known:
                known.add(key)
                yield Said(number, Who.CONNECT, _place("Postfix", peer), key)
            who = Who.CLIENT if is_client == (arrow == ">") else Who.SERVER
            yield Said(number, who, octets(text), key)
            if who is Who.SERVER and text.startswith("221 "):
                known.discard(key)
                yield Said(number, Who.CLOSE, b"after 221", key)
        elif tls := _TLS.match(line):
            verified = _verified(tls[3]) if tls[1] == "smtp" else "unknown"
            yield Said(number, Who.TLS, octets(tls[5]), _key(tls[2], tls[4]), verified)
        elif begun := _CONNECT.match(line):
            source = octets(f"{begun[3]} > this Postfix:{begun[1]}")
            yield Said(number, Who.CONNECT, source, _key(begun[2], begun[3]))
        elif ended := _DISCONNECT.match(line):
            yield Said(number, Who.CLOSE, b"", _key(ended[2], ended[3]))


def _verified(word: str) -> str:
    """Of a server's certificate; one that is only Trusted may be for another name (TLS_README).

    What smtpd says is about the certificate of its client, so nothing of the server's own.
    """
    return "yes" if word == "Verified" else "no"


def _key(process: str, peer: str) -> str:
    place = _PLACE.match(peer)
    return f"{process} {place[2] if place else peer}"


def _place(source: str, peer: str) -> bytes:
    place = _PLACE.match(peer)
    return octets(f"{source} > {place[1]}:{place[3] or 25}" if place else peer)


FORMAT = Format("postfix", "a verbose Postfix log", _LINE.match, read, prints_chunks=False)
