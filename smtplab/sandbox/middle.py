"""Who sits on the wire between client and server: streams that change what passes.

A man in the middle reads and writes octets; he is no server, and TLS shuts him out. He can only
keep it from beginning, which opportunistic TLS lets him do (RFC 3207, 6; RFC 7435, 1.2).
"""

from __future__ import annotations

import re

from smtplab.transport.stream import Stream, StreamWrapper

_MAX_LINE = 16_384  # octets; a longer line is passed on as it is

_HANDSHAKE = b"\x16"  # how a TLS record with a handshake begins (RFC 8446, 5.1)


class Middle(StreamWrapper):
    """Passes lines on; subclasses change a reply line, a reply or a command line.

    Mail data, AUTH responses and everything behind a 220 to STARTTLS pass unchanged.
    """

    def __init__(self, inner: Stream) -> None:
        super().__init__(inner)
        self._from_server = self._from_client = b""
        self._reply: list[bytes] = []  # lines of a reply that is not complete yet
        self._ready = b""
        self._asked_for_tls = False
        self._blind = False  # TLS has begun: what passes is no text
        self._in_data = self._in_auth = self._greeted = False

    # What a subclass changes.

    def greeting(self, line: bytes) -> bytes:
        """The greeting, with its CR LF."""
        return line

    def reply(self, lines: list[bytes]) -> list[bytes]:
        """The lines of one reply, each with its CR LF."""
        return lines

    def command(self, line: bytes) -> bytes:
        """One command line, with its line end."""
        return line

    # What passes.

    def read(self, n: int) -> bytes:
        while not self._ready:
            octets = self.inner.read(n)
            if not octets:
                self._ready = b"".join(self._reply) + self._from_server
                self._from_server, self._reply = b"", []
                break
            self._heard(octets)
        octets, self._ready = self._ready[:n], self._ready[n:]
        return octets

    def _heard(self, octets: bytes) -> None:
        self._from_server += octets
        while b"\n" in self._from_server and not self._is_blind():
            line, _, self._from_server = self._from_server.partition(b"\n")
            self._heard_line(line + b"\n")
        if self._is_blind() or len(self._from_server) > _MAX_LINE:
            self._ready += self._from_server
            self._from_server = b""

    def _is_blind(self) -> bool:
        return self._blind

    def _heard_line(self, line: bytes) -> None:
        self._reply.append(line)
        if line[3:4] == b"-" and len(self._reply) < 100:
            return
        lines, self._reply = self._reply, []
        self._in_data = line.startswith(b"354")
        self._in_auth = line.startswith(b"334")
        if self._asked_for_tls:
            self._blind, self._asked_for_tls = line.startswith(b"220"), False
        if not self._greeted:
            self._greeted = True
            self._ready += b"".join(self.greeting(one) for one in lines)
        else:
            self._ready += b"".join(self.reply(lines))

    def write(self, octets: bytes) -> None:
        if not self._greeted and octets.startswith(_HANDSHAKE):
            self._blind = True  # TLS from the first octet
        if self._blind or self._in_data or self._in_auth:
            self.inner.write(octets)
            return
        *lines, self._from_client = (self._from_client + octets).split(b"\n")
        passed = b"".join(self._asked(line + b"\n") for line in lines)
        if len(self._from_client) > _MAX_LINE:
            passed, self._from_client = passed + self._from_client, b""
        if passed:
            self.inner.write(passed)

    def _asked(self, line: bytes) -> bytes:
        passed = self.command(line)
        self._asked_for_tls = passed.strip().upper() == b"STARTTLS"
        return passed


class StripsSTARTTLS(Middle):
    """Takes STARTTLS out of what the server offers, so that nobody asks for it."""

    def reply(self, lines: list[bytes]) -> list[bytes]:
        left = [line for line in lines if line[4:].strip().upper() != b"STARTTLS"]
        if left and left != lines:
            left[-1] = left[-1][:3] + b" " + left[-1][4:]
        return left or lines

    def command(self, line: bytes) -> bytes:
        """Who asks in spite of that gets a server that does not understand."""
        return _masked(line) if line.strip().upper() == b"STARTTLS" else line


class MiddleBox(Middle):
    """A firewall that knows mail as it was: it stars out the greeting and masks what is newer."""

    KEYWORDS = frozenset({b"SIZE", b"8BITMIME", b"AUTH", b"HELP", b"ETRN"})
    VERBS = frozenset(b"HELO EHLO MAIL RCPT DATA RSET NOOP QUIT HELP AUTH VRFY EXPN".split())

    def greeting(self, line: bytes) -> bytes:
        """Only the code stays; the firewalls of the time left a 2 and a 0 as well."""
        text = line[4:].rstrip(b"\r\n")
        return line[:4] + re.sub(rb"[^20 ]", b"*", text) + line[4 + len(text) :]

    def reply(self, lines: list[bytes]) -> list[bytes]:
        """The keywords it does not know, as X and a letter that counts: 250-XXXXXXXA."""
        if len(lines) < 2 or not lines[0].startswith(b"250"):
            return lines
        changed, count = lines[:1], 0
        for line in lines[1:]:
            text = line[4:].rstrip(b"\r\n")
            if text.split(b" ")[0].split(b"=")[0].upper() not in self.KEYWORDS:
                letter = bytes([ord("A") + count % 26])
                line = line[:4] + b"X" * (len(text) - 1) + letter + line[4 + len(text) :]
                count += 1
            changed.append(line)
        return changed

    def command(self, line: bytes) -> bytes:
        verb = line.split(b" ")[0].strip().upper()
        return line if verb in self.VERBS else _masked(line)


def _masked(line: bytes) -> bytes:
    text = line.rstrip(b"\r\n")
    return b"X" * len(text) + line[len(text) :]
