"""Short forms: whole steps and look-ups behind a slash, so that nobody types base64."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

from smtplab import commands
from smtplab.cli.talk.files import file_content
from smtplab.cli.width import columns
from smtplab.errors import LocalProtocolError
from smtplab.session import State

if TYPE_CHECKING:
    from smtplab.cli.talk.conversation import Talk


class ShortForm(NamedTuple):
    """One of them; `wants` names its argument, in square brackets where it may be left out."""

    run: Callable[[Talk, str], None]
    wants: str
    does: str


def run(talk: Talk, line: str) -> None:
    """Do what a line with a short form asks for; `LocalProtocolError` if it cannot be done."""
    name, _, argument = line.partition(" ")
    if name not in TABLE:
        raise LocalProtocolError(f"{name!r} is no short form; there are {', '.join(TABLE)}")
    form, argument = TABLE[name], argument.strip()
    if form.wants and not form.wants.startswith("[") and not argument:
        raise LocalProtocolError(f"{name} wants one word more: {name} {form.wants}")
    form.run(talk, argument)


def manual() -> str:
    """What there is, a line each."""
    rows = [(f"{name} {form.wants}".strip(), form.does) for name, form in TABLE.items()]
    return "\n".join(f"{usage:<24}{does}" for usage, does in rows)


def _hello(talk: Talk, _: str) -> None:
    reply = talk.client.ehlo()
    talk.show(reply)
    if reply.code // 100 == 5:
        talk.forgive()  # RFC 5321, 3.2: a server may be too old for EHLO
        talk.show(talk.client.helo())


def _tls(talk: Talk, _: str) -> None:
    if talk.begin_tls().code == 220:
        talk.show(talk.client.ehlo())  # RFC 3207, 4.2: what was offered before is void


def _auth(talk: Talk, argument: str) -> None:
    username, _, mechanism = argument.partition(" ")
    if talk.client.state is not State.READY:
        raise LocalProtocolError("say EHLO first, so that the server tells what it takes: /hello")
    password = talk.passwords.of(username)
    talk.show(talk.client.auth(username, password, mechanism.strip() or None))


def _content(talk: Talk, name: str) -> None:
    octets = file_content(name)
    reply = talk.client.data()
    talk.show(reply)
    if talk.client.state is State.DATA:
        talk.show(talk.client.content(octets))


def _chunk(talk: Talk, name: str) -> None:
    octets = file_content(name)
    talk.show(talk.client.send_raw(commands.bdat(len(octets), last=True) + octets))


def _explain(talk: Talk, term: str) -> None:
    from smtplab.reference import explain
    from smtplab.reference.explanation import WIDTH

    talk.screen.say(explain(term).to_text(columns(WIDTH)))


def _certificate(talk: Talk, _: str) -> None:
    report = talk.client.tls_report
    talk.screen.say(repr(report) if report else "There is no TLS on this connection.")


def _transcript(talk: Talk, name: str) -> None:
    transcript = talk.client.transcript
    path = Path(name).expanduser()
    match path.suffix.lower():
        case ".json":
            octets = f"{transcript.to_json()}\n".encode()
        case ".html":
            octets = f"<!doctype html><meta charset=utf-8>{transcript.to_html()}\n".encode()
        case ".pcapng":
            octets = transcript.to_pcapng()
        case _:
            octets = f"{transcript.to_text()}\n".encode()
    try:
        path.write_bytes(octets)
    except (OSError, ValueError):
        raise LocalProtocolError(f"{name!r} cannot be written as a file") from None
    talk.screen.say(f"The transcript is in {name}; passwords in it are hidden.")


def _translate(talk: Talk, tool: str) -> None:
    from smtplab.translating import TOOLS

    if tool not in TOOLS:
        raise LocalProtocolError(f"{tool!r} is not one of {', '.join(TOOLS)}")
    talk.screen.say(str(TOOLS[tool](talk.client)))


def _inbox(talk: Talk, name: str) -> None:
    if talk.way.sandbox is None:
        raise LocalProtocolError("only the sandbox shows its mailboxes; a real server does not")
    try:
        mails = talk.way.sandbox.inbox(name)
    except KeyError as error:
        raise LocalProtocolError(str(error.args[0])) from None
    talk.screen.say("\n".join(map(str, mails)) or f"The Inbox of {name} is empty.")


def _help(talk: Talk, _: str) -> None:
    talk.screen.say(
        fill(
            "A line is sent as it is, whatever it says. After 354 lines are content, up to a line "
            "of one dot. Tab completes what is legal now. Ctrl-C or Ctrl-D leaves.",
            columns(),
        )
        + f"\n\n{manual()}"
    )


def _quit(talk: Talk, _: str) -> None:
    talk.left = True


TABLE = {
    "/hello": ShortForm(_hello, "", "EHLO with this client's name; HELO where that is refused"),
    "/tls": ShortForm(_tls, "", "STARTTLS, the handshake, and EHLO again"),
    "/auth": ShortForm(_auth, "USER [MECHANISM]", "sign in; the password is asked for, unseen"),
    "/content": ShortForm(_content, "FILE", "DATA, the file as content, and the end of mail data"),
    "/chunk": ShortForm(_chunk, "FILE", "the file as the last chunk of BDAT"),
    "/explain": ShortForm(_explain, "TERM", "what a code, verb, keyword or port means"),
    "/certificate": ShortForm(_certificate, "", "what TLS came to, with the whole chain"),
    "/inbox": ShortForm(_inbox, "MAILBOX", "what lies in a mailbox of the sandbox"),
    "/transcript": ShortForm(_transcript, "FILE", "save it: .json, .html, .pcapng, else text"),
    "/translate": ShortForm(_translate, "TOOL", "the session for swaks, curl, openssl or smtplib"),
    "/help": ShortForm(_help, "", "this list"),
    "/quit": ShortForm(_quit, "", "QUIT and leave"),
}
"""By name, in the order in which the help shows them."""
