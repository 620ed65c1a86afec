"""For each service extension a short conversation that goes another way without it.

The client of a demonstration goes by the EHLO reply where that is the point (SIZE, PIPELINING,
LIMITS); elsewhere it asks in any case, so that the refusal is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smtplab import commands
from smtplab.client import Client
from smtplab.sandbox.little_internet import ACCOUNTS
from smtplab.sandbox.policy import Policy
from smtplab.session import State
from smtplab.widgets.stages import Stage, offers, sign_in

ALICE = ACCOUNTS[0].mailbox
SMALL_LIMIT = 2000  # octets, for the demonstration of SIZE
TOO_BIG = b"Subject: Too big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 60
EIGHT_BITS = (
    "From: Alice <alice@example.org>\r\nSubject: Eight bits\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "Grüße, å bientôt\r\n"
).encode()

Say = Callable[[Client, str], object]
"""What the client says; the second argument is a mailbox of the host."""


def _nothing(policy: Policy) -> None:
    """The host stays as it is."""


@dataclass(frozen=True)
class Demo:
    """What is tried, what it shows, and what the session and the host look like then."""

    tried: str
    shows: str
    say: Say
    after: Stage = Stage.SIGNED_IN  # where the session stands; or as far as it comes
    set_up: Callable[[Policy], None] = _nothing  # for the demonstration only; it is put back
    port: int | None = None  # another door of the same host


def mail_with(parameter: str, of_rcpt: str = "") -> Say:
    """MAIL with a parameter; if that is refused without it; then RCPT; RSET drops it all."""

    def say(client: Client, to: str) -> None:
        if not _line(client, f"MAIL FROM:<{ALICE}> {parameter}"):
            client.mail(ALICE)
        _line(client, f"RCPT TO:<{to}> {of_rcpt}".rstrip())
        client.rset()

    return say


def _line(client: Client, text: str) -> bool:
    return client.send_raw(text.encode() + b"\r\n").is_positive


def _size(client: Client, to: str) -> None:
    if offers(client, "SIZE"):
        client.mail(ALICE, {"SIZE": len(TOO_BIG)})
        return
    client.mail(ALICE)
    client.rcpt(to)
    client.data()
    if client.state is State.DATA:
        client.content(TOO_BIG)


def _eight_bits(client: Client, to: str) -> None:
    if not _line(client, f"MAIL FROM:<{ALICE}> BODY=8BITMIME"):
        client.mail(ALICE)
    client.rcpt(to)
    client.data()
    if client.state is State.DATA:
        client.content(EIGHT_BITS)


def _utf8(client: Client, to: str) -> None:
    if not _line(client, f"MAIL FROM:<{ALICE}> SMTPUTF8"):
        client.mail(ALICE)
    client.send_raw("RCPT TO:<bøb@example.net>\r\n".encode())
    client.rset()


def _pipelining(client: Client, to: str) -> None:
    role = f"postmaster@{to.partition('@')[2]}"
    lines = commands.mail(ALICE), commands.rcpt(to), commands.rcpt(role), commands.rset()
    if offers(client, "PIPELINING"):
        client.group(*lines)
        return
    for line in lines:
        client.send_raw(line)


def _chunking(client: Client, to: str) -> None:
    client.mail(ALICE)
    client.rcpt(to)
    reply = client.send_raw(b"BDAT 18\r\nSubject: A chunk\r\n")
    if reply.code == 500:  # the octets of the chunk were no content: they are the next command
        client.read_reply()
    client.rset()


def _starttls(client: Client, to: str) -> None:
    client.starttls()
    if not client.session.tls:
        client.mail(ALICE)


def _auth(client: Client, to: str) -> None:
    sign_in(client, ACCOUNTS[0])
    client.mail(ALICE)
    client.rset()


def _codes(client: Client, to: str) -> None:
    client.mail(ALICE)
    client.rcpt(f"nobody@{to.partition('@')[2]}")
    client.rset()


def _limits(client: Client, to: str) -> None:
    domain = to.partition("@")[2]
    people = [to, f"postmaster@{domain}", f"abuse@{domain}"]
    most = 2 if offers(client, "LIMITS") else len(people)
    for first in range(0, len(people), most):
        client.mail(ALICE)
        for path in people[first : first + most]:
            client.rcpt(path)
        client.rset()


def _set(name: str, value: object) -> Callable[[Policy], None]:
    return lambda policy: setattr(policy, name, value)


DEMOS = {
    "SIZE": Demo(
        f"The host takes {SMALL_LIMIT} octets for once; the client has {len(TOO_BIG)}.",
        "With SIZE the refusal comes before the content. Without it the whole content crosses the "
        "wire for nothing.",
        _size,
        set_up=_set("size_limit", SMALL_LIMIT),
    ),
    "8BITMIME": Demo(
        "A content with letters in UTF-8. Where it is taken, one message is delivered.",
        "Without 8BITMIME the content must be made ASCII first (base64 or quoted-printable).",
        _eight_bits,
    ),
    "SMTPUTF8": Demo(
        "A recipient whose local-part is not ASCII.",
        "Without SMTPUTF8 there is no way to name that mailbox.",
        _utf8,
    ),
    "PIPELINING": Demo(
        "MAIL, two RCPT and RSET, by a client that goes by the EHLO reply.",
        "The same commands and replies: with PIPELINING they go out at once and wait once.",
        _pipelining,
    ),
    "CHUNKING": Demo(
        "One chunk of 18 octets with BDAT; RSET drops it.",
        "A server without CHUNKING knows no BDAT, and takes the chunk itself for a command.",
        _chunking,
    ),
    "BINARYMIME": Demo(
        "MAIL says that the content is any octets.",
        "BODY=BINARYMIME is of use with BDAT only, so it needs CHUNKING as well.",
        mail_with("BODY=BINARYMIME"),
    ),
    "ENHANCEDSTATUSCODES": Demo(
        "A recipient that is not there.",
        "The words and the reply code stay; the finer code such as 5.1.1 is gone.",
        _codes,
    ),
    "DSN": Demo(
        "The client asks for a report on success.",
        "Without DSN nobody can ask; only failures are reported.",
        mail_with("RET=HDRS ENVID=trial-1", "NOTIFY=SUCCESS"),
    ),
    "LIMITS": Demo(
        "The host takes two recipients in one mail transaction for once; the client has three.",
        "With LIMITS the client knows, and uses two transactions. Without it, it runs into 452.",
        _limits,
        set_up=_set("max_recipients", 2),
    ),
    "DELIVERBY": Demo(
        "Deliver within 120 seconds, or return it.",
        "Without DELIVERBY a late message is delivered late.",
        mail_with("BY=120;R"),
    ),
    "MT-PRIORITY": Demo(
        "The message is more urgent than others.",
        "Without MT-PRIORITY all messages wait alike.",
        mail_with("MT-PRIORITY=3"),
    ),
    "FUTURERELEASE": Demo(
        "Hold the message back for an hour.",
        "Without FUTURERELEASE the mail program must stay on and wait. It is for submission only.",
        mail_with("HOLDFOR=3600"),
    ),
    "REQUIRETLS": Demo(
        "Only over TLS, on all the way.",
        "It is offered inside TLS only. Without it nobody can ask that a message rather fail than "
        "travel in clear text.",
        mail_with("REQUIRETLS"),
    ),
    "STARTTLS": Demo(
        "The client asks for TLS; without it, it goes on with MAIL.",
        "Without STARTTLS all stays readable on the wire, and a submission server wants nobody's "
        "password.",
        _starttls,
        Stage.BEFORE_TLS,
    ),
    "AUTH": Demo(
        "Alice signs in and opens a mail transaction.",
        "Without AUTH a submission server does not know whose mail it is.",
        _auth,
        Stage.INSIDE_TLS,
    ),
    "VRFY": Demo(
        "Does this mailbox exist?",
        "Most servers of today tell nobody, because spammers ask as well (RFC 5321, 7.3).",
        lambda client, to: client.vrfy(to),
    ),
    "EXPN": Demo(
        "Who is on the list tea-club?",
        "Where EXPN is open, anyone reads who is on a list. mx.example.net has this list.",
        lambda client, to: client.expn("tea-club"),
    ),
    "ETRN": Demo(
        "A host that was away asks for its mail, on port 25.",
        "Without ETRN it waits until the next attempt. Submission never has it (RFC 6409, 7).",
        lambda client, to: client.send_raw(f"ETRN {to.partition('@')[2]}\r\n".encode()),
        Stage.BEFORE_TLS,
        port=25,
    ),
    "HELP": Demo(
        "The client asks for help.",
        "HELP is for a person at the keyboard; no program needs it.",
        lambda client, to: client.help(),
    ),
}
"""In the order in which a client meets them."""
