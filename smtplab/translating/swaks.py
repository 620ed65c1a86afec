"""A session as swaks commands: one for each mail transaction, because swaks carries one each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtplab.errors import LocalProtocolError
from smtplab.mail_object import END_OF_MAIL_DATA
from smtplab.transcript import Transcript
from smtplab.translating.outline import Mail, Outline, Place, SignIn, outline
from smtplab.translating.quoting import CONTENT, PASSWORD, command, comment, quoted
from smtplab.translating.shell import (
    asking,
    cannot,
    content_of,
    heading,
    path_of,
    recipients_of,
    shown,
    sign_in_for,
    user_word,
)
from smtplab.translating.translation import Translation

if TYPE_CHECKING:
    from smtplab.client import Client

KNOWN = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5")
_FROM_FILE = f"sed 's/^\\./../; s/\\r*$/\\r/' {CONTENT}"


def as_swaks(
    session: Transcript | Client, connection: str | None = None, *, place: Place | None = None
) -> Translation:
    """The connection (the first, if none is named) as swaks commands.

    `place` says where swaks finds the server, as `Place.in_sandbox(sandbox, host, port)`.
    """
    of = outline(session, connection, place)
    lines = heading(of, "swaks")
    sign_in, remarks = sign_in_for(of, "swaks", KNOWN)
    lines += remarks
    options = _options(of, sign_in)
    lines += cannot("swaks", of.others)
    lines += asking(sign_in, "swaks")
    secret = f'SWAKS_OPT_auth_password="${PASSWORD}" ' if sign_in else ""
    if not of.mails:
        until = "AUTH" if sign_in else "HELO" if of.hello[0] else "BANNER"
        lines += ["", command(f"{secret}swaks", *options, "--quit-after", until)]
    for number, mail in enumerate(of.mails):
        lines.append("")
        if number:
            lines += comment("swaks carries one mail object a connection, so this is another one.")
        lines += _one_mail(mail, options, secret)
    return Translation("swaks", "\n".join(lines) + "\n")


def _options(of: Outline, sign_in: SignIn | None) -> list[str]:
    verb, name = of.hello
    words = ["--server", quoted(of.place.address.encode()), "--port", str(of.place.port)]
    if name and not name.startswith((b"-", b"@")):
        words += ["--helo", quoted(name)]
    words += ["--protocol", "SMTP"] if verb == "HELO" else []
    if of.tls != "none":
        words.append("--tls" if of.tls == "starttls" else "--tls-on-connect")
        words += ["--tls-verify"] if of.verified else []
        words += ["--tls-ca-path", quoted(of.place.ca_file.encode())] if of.place.ca_file else []
    if sign_in:
        words += ["--auth", sign_in.mechanism, "--auth-user", user_word(sign_in)]
    return words


def _one_mail(mail: Mail, options: list[str], secret: str) -> list[str]:
    remarks: list[str] = []
    try:
        reverse_path, parameters = path_of(mail.opening)
    except LocalProtocolError as error:
        return comment(f"swaks cannot say: {shown(mail.opening)} ({error})")
    remarks += [line for p in parameters for line in comment(f"swaks has no parameter {p}.")]
    words = [*options, "--from", quoted(reverse_path.encode() or b"<>")]
    recipients, more = recipients_of(mail, "swaks", forbidden=",")
    remarks += more
    if recipients:
        words += ["--to", quoted(",".join(recipients).encode())]
    if not (mail.data or mail.chunked):
        until = "RCPT" if recipients else "MAIL"
        return [*remarks, command(f"{secret}swaks", *words, "--quit-after", until)]
    if not recipients:
        return [*remarks, *comment("swaks cannot send a content without a recipient.")]
    if mail.chunked:
        remarks += comment("swaks has no BDAT; the same content goes by DATA.")
    # Its last line is the dot; swaks itself puts CR LF behind all.
    octets = mail.on_the_wire.removesuffix(END_OF_MAIL_DATA)
    if not octets:
        remarks += comment("swaks takes a dot alone for a file; an empty line goes before it.")
        octets = b"\r\n"
    about, write = content_of(mail, octets)
    write = f"{{ {write if mail.is_whole else _FROM_FILE}; printf .; }}"
    sending = command(f"{secret}swaks", *words, "--data", "-", "--no-data-fixup")
    return [*remarks, *about, f"{write} |\n{sending}"]
