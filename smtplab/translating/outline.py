"""What a session was: to whom, how greeted, secured and signed in, and which mail went through."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from smtplab import session
from smtplab.extensions import Extensions
from smtplab.mail_object import END_OF_MAIL_DATA, encode_content
from smtplab.replay import Step, one_end, steps
from smtplab.transcript import Event, Kind, Transcript
from smtplab.transcript.hiding import hide
from smtplab.transcript.passage import is_practice_host

if TYPE_CHECKING:
    from smtplab.client import Client

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\-]*|::[0-9A-Fa-f:.]*")  # a name or an address
TOKENS = frozenset({"XOAUTH2", "OAUTHBEARER"})
_HELLO = frozenset({"EHLO", "HELO"})
_OPENERS = frozenset({*_HELLO, "STARTTLS", "AUTH", session.CHALLENGE, session.GREETING, "QUIT"})


class SandboxLike(Protocol):
    """What `Place.in_sandbox` asks of a sandbox."""

    @property
    def bound_ports(self) -> Mapping[Any, int]: ...  # a listener has host and port

    @property
    def ca_file(self) -> object: ...


@dataclass(frozen=True)
class Place:
    """Where another program finds the server, if not under its own name and port."""

    address: str
    port: int
    ca_file: str = ""

    @classmethod
    def in_sandbox(cls, sandbox: SandboxLike, host: str, port: int) -> Place:
        """Where a host of a sandbox listens; `ValueError` if no other program can reach it."""
        for listener, bound in sandbox.bound_ports.items():
            if (listener.host, listener.port) == (host, port):
                return cls("127.0.0.1", bound, str(sandbox.ca_file or ""))
        raise ValueError(
            f"no other program can reach {host} port {port}; start the sandbox with "
            'transport="tcp", or use `smtplab serve`'
        )


@dataclass(frozen=True)
class SignIn:
    """One AUTH. The username is told only where the server took it: else what stood in its place
    may have been a password."""

    mechanism: str
    username: str | None
    accepted: bool
    at_once: bool = True  # whether the first response stood in the command

    @property
    def has_token(self) -> bool:
        return self.mechanism in TOKENS


@dataclass
class Mail:
    """One mail transaction, as far as it went."""

    opening: Step
    recipients: list[Step] = field(default_factory=list)
    data: bool = False  # DATA was said
    chunked: bool = False  # by BDAT
    pieces: list[Event] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return all(piece.is_whole for piece in self.pieces)

    @property
    def has_secret(self) -> bool:
        return any(piece.secrets for piece in self.pieces)

    @property
    def content(self) -> bytes:
        """As it was before transparency; secrets in it are hidden."""
        octets = b"".join(hide(piece.octets, piece.secrets) for piece in self.pieces)
        return octets if self.chunked else without_transparency(octets)

    @property
    def on_the_wire(self) -> bytes:
        """As it goes out after 354, also where it went by BDAT."""
        if self.chunked or not self.pieces:
            return encode_content(self.content)
        return b"".join(hide(piece.octets, piece.secrets) for piece in self.pieces)


@dataclass(frozen=True)
class Outline:
    """One connection, read for translating."""

    server: str  # as the session named it
    place: Place  # where to find it
    steps: tuple[Step, ...]
    tls: str  # "none", "starttls" or "implicit"
    verified: bool
    remark: str = ""  # on where the server is

    @property
    def hello(self) -> tuple[str, bytes]:
        """The last greeting of the client: the verb and the name in it."""
        for step in reversed(self.steps):
            if step.name in _HELLO and step.sent is not None:
                name = step.sent.octets.strip()[5:]
                return step.name, b"" if b"\0" in name or step.sent.secrets else name
        return "", b""

    @property
    def sign_ins(self) -> tuple[SignIn, ...]:
        found = (sign_in(self.steps, n) for n, s in enumerate(self.steps) if s.name == "AUTH")
        return tuple(found)

    @property
    def offered(self) -> tuple[str, ...]:
        """The AUTH mechanisms of the last EHLO reply."""
        for step in reversed(self.steps):
            if step.name == "EHLO" and step.reply is not None and step.reply.is_positive:
                return Extensions.from_reply(step.reply).auth_mechanisms
        return ()

    def stand_in(self, mechanism: str, known: Sequence[str]) -> str:
        """The mechanism itself if the tool knows it, else one that both know; "" if none."""
        if mechanism in known:
            return mechanism
        if mechanism in TOKENS:
            return ""
        return next((one for one in known if one in self.offered and one not in TOKENS), "")

    @cached_property
    def mails(self) -> tuple[Mail, ...]:
        return self._sorted[0]

    @cached_property
    def others(self) -> tuple[Step, ...]:
        """The steps that belong to no mail transaction and do not open a session."""
        return self._sorted[1]

    @cached_property
    def _sorted(self) -> tuple[tuple[Mail, ...], tuple[Step, ...]]:
        mails: list[Mail] = []
        others: list[Step] = []
        now: Mail | None = None
        for step in self.steps:
            if step.name == "MAIL":
                now = Mail(step)
                mails.append(now)
            elif now is not None and _belongs(step, now):
                continue
            elif step.name not in _OPENERS:
                others.append(step)
            if step.name in ("RSET", *_HELLO):
                now = None
        return tuple(mails), tuple(others)


def outline(
    of: Transcript | Client, connection: str | None = None, place: Place | None = None
) -> Outline:
    """One connection of a transcript (the first, if none is named), or a client's own.

    `ValueError` if there is none of that name, or if its beginning is not kept.
    """
    if isinstance(of, Transcript):
        transcript = of
    else:
        transcript, connection = of.transcript, connection or of.connection
    events = one_end(transcript, connection)
    if not events or events[0].kind is not Kind.CONNECT:
        raise ValueError(
            "the beginning of this connection is not kept any more, so it cannot be translated; "
            "transcript.keep_whole() before it begins keeps everything"
        )
    detail = events[0].detail
    host, port = str(detail.get("host")), str(detail.get("port"))
    is_name = bool(_HOST.fullmatch(host))
    where = place or Place(host if is_name else "HOST", int(port) if port.isdecimal() else 25)
    began = [event for event in events if event.kind is Kind.TLS]
    remark = ""
    if place is None and not (is_name and port.isdecimal()):
        remark = "which server it was is not told; put its name and port in"
    elif place is None and is_practice_host(host):
        remark = f"{host} is a host of the sandbox; put in what `smtplab serve` prints for it"
    return Outline(
        f"{host} port {port}",
        where,
        tuple(steps(events)),
        "none" if not began else "starttls" if began[0].step else "implicit",
        all(event.detail.get("verified") != "no" for event in began),
        remark,
    )


def sign_in(all_steps: Sequence[Step], place: int) -> SignIn:
    """The AUTH that begins at one step, with the responses after it."""
    first = all_steps[place]
    assert first.sent is not None
    words = first.sent.octets.split()
    mechanism = words[1].decode("ascii", "replace").upper() if len(words) > 1 else ""
    responses = [words[2]] if len(words) > 2 else []
    last = first
    for step in all_steps[place + 1 :]:
        if step.name != session.CHALLENGE or step.sent is None:
            break
        responses.append(step.sent.octets.strip())
        last = step
    accepted = last.reply is not None and last.reply.code == 235
    username = _username(mechanism, responses) if accepted else None
    return SignIn(mechanism, username, accepted, len(words) > 2)


def _username(mechanism: str, responses: list[bytes]) -> str | None:
    """The name in the first response; None where it is hidden or makes no sense."""
    try:
        octets = b64decode(responses[0], validate=True) if responses else b""
        text = octets.decode()
    except ValueError:
        return None
    if mechanism == "PLAIN":
        name = text.split("\0")[1] if text.count("\0") == 2 else ""
    elif mechanism == "LOGIN":
        name = text
    elif mechanism == "CRAM-MD5":
        name = text.rpartition(" ")[0]
    elif mechanism == "XOAUTH2":
        name = text.partition("\1")[0].removeprefix("user=")
    else:  # SCRAM and OAUTHBEARER: a GS2 header, and the name as n= or a= (RFC 5802, 7)
        parts = text.split("\1")[0].split(",")
        name = next((p[2:] for p in reversed(parts) if p[:2] in ("n=", "a=") and p[2:]), "")
        name = name.replace("=2C", ",").replace("=3D", "=")
    return name if name and name.isprintable() else None


def without_transparency(octets: bytes) -> bytes:
    r"""The content in what went out after 354 (RFC 5321, 4.5.2), however long its lines.

    >>> without_transparency(b"a\r\n..b\r\n.\r\n"), without_transparency(b".\r\n")
    (b'a\r\n.b\r\n', b'')
    """
    body = b"\r\n" + octets
    if body.endswith(b"\r\n" + END_OF_MAIL_DATA):
        body = body.removesuffix(END_OF_MAIL_DATA)
    return body.replace(b"\r\n.", b"\r\n")[2:]


def _belongs(step: Step, now: Mail) -> bool:
    """Whether a step goes on with a mail transaction; it is noted there."""
    if step.name == "RCPT":
        now.recipients.append(step)
    elif step.name == "DATA":
        now.data = True
    elif step.name == session.END_OF_DATA and step.sent is not None:
        now.pieces.append(step.sent)
    elif step.name in ("BDAT", session.BDAT_LAST):
        now.chunked = True
        now.pieces += [step.chunk] if step.chunk is not None else []
    else:
        return False
    return True
