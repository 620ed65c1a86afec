"""A session as curl commands: one for each mail transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from smtplab.errors import LocalProtocolError
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
    from smtplab.replay import Step

KNOWN = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")
# In curl's own file of options a value stands in quotes, with backslashes before quotes.
_CONFIG = """\
escaped() { local text=${1//\\\\/\\\\\\\\}; printf '%s' "${text//\\"/\\\\\\"}"; }"""
_ALONE = frozenset({"VRFY", "EXPN", "HELP", "NOOP"})  # what curl can say instead of a mail object


def as_curl(
    session: Transcript | Client, connection: str | None = None, *, place: Place | None = None
) -> Translation:
    """The connection (the first, if none is named) as curl commands.

    `place` says where curl finds the server, as `Place.in_sandbox(sandbox, host, port)`.
    """
    of = outline(session, connection, place)
    lines = heading(of, "curl")
    if of.hello[0] == "HELO":
        lines += comment("curl says EHLO first, and HELO only where that is refused.")
    sign_in, remarks = _sign_in(of)
    lines += [*remarks, *asking(sign_in, "curl")]
    lines += [_CONFIG] if sign_in else []
    options = _options(of, sign_in)
    for number, mail in enumerate(of.mails):
        lines.append("")
        if number:
            lines += comment("Another mail transaction, and another connection.")
        lines += _one_mail(mail, options)
    for step in of.others:
        lines += ["", *_alone(step, options)]
    if not any(line.startswith("curl") or "|\ncurl" in line for line in lines):
        lines += ["", *comment("curl wants something to say after its EHLO: NOOP.")]
        lines.append(command("curl", *options, "--request", "NOOP"))
    return Translation("curl", "\n".join(lines) + "\n")


def _sign_in(of: Outline) -> tuple[SignIn | None, list[str]]:
    found, remarks = sign_in_for(of, "curl", KNOWN)
    if found and found.mechanism == "XOAUTH2" and "OAUTHBEARER" in of.offered:
        remarks += comment("curl takes OAUTHBEARER, because the server offers it too.")
    if found and ":" in (found.username or ""):
        remarks += comment("curl takes what follows the first colon for the password.")
    return found, remarks


def _options(of: Outline, sign_in: SignIn | None) -> list[str]:
    scheme = "smtps" if of.tls == "implicit" else "smtp"
    host = f"[{of.place.address}]" if ":" in of.place.address else of.place.address
    url = f"{scheme}://{host}:{of.place.port}/{quote(of.hello[1], safe='')}"
    words = ["--verbose", "--url", quoted(url.encode())]
    if of.tls != "none":
        words += ["--ssl-reqd"]
        words += ["--cacert", quoted(of.place.ca_file.encode())] if of.place.ca_file else []
        words += [] if of.verified else ["--insecure"]
    if sign_in is None:
        return words
    user = f"$(escaped {user_word(sign_in)})"
    secret = f'$(escaped "${PASSWORD}")'
    if sign_in.has_token:
        told = f"""printf 'user = "%s:"\\noauth2-bearer = "%s"\\n' "{user}" "{secret}\""""
    else:
        told = f"""printf 'user = "%s:%s"\\n' "{user}" "{secret}\""""
    words += ["--sasl-ir"] if sign_in.at_once else []
    return [*words, "--login-options", f"AUTH={sign_in.mechanism}", "--config", f"<({told})"]


def _one_mail(mail: Mail, options: list[str]) -> list[str]:
    try:
        reverse_path, parameters = path_of(mail.opening)
    except LocalProtocolError as error:
        return comment(f"curl cannot say: {shown(mail.opening)} ({error})")
    words = [*options, "--mail-from", quoted(reverse_path.encode())]
    remarks: list[str] = []
    for keyword, value in parameters.items():
        if keyword == "AUTH" and value and value != "<>":
            words += ["--mail-auth", quoted(value.encode())]
        else:
            remarks += comment(f"curl has no option for the parameter {keyword}.")
    mailboxes, more = recipients_of(mail, "curl")
    remarks += more
    recipients = [word for one in mailboxes for word in ("--mail-rcpt", quoted(one.encode()))]
    if not (mail.data or mail.chunked) or not recipients:
        told = "curl cannot stop before the content. It would send it, so this is not run:"
        sending = command("curl", *words, *recipients, "--upload-file", CONTENT)
        return [*remarks, *comment(told), *(f"# {line}" for line in sending.splitlines())]
    if mail.chunked:
        remarks += comment("curl has no BDAT; the same content goes by DATA.")
    if any(step.reply is not None and not step.reply.is_positive for step in mail.recipients):
        words.append("--mail-rcpt-allowfails")
    about, write = content_of(mail, mail.content)
    sending = command("curl", *words, *recipients, "--upload-file", "-")
    return [*remarks, *about, f"{write} |\n{sending}"]


def _alone(step: Step, options: list[str]) -> list[str]:
    """VRFY and the like: a connection of its own for each."""
    line = step.sent.octets.strip() if step.sent is not None and not step.sent.secrets else b""
    if step.name not in _ALONE or b"\n" in line or b"\0" in line or not line:
        return cannot("curl", (step,))
    remark = comment("On a connection of its own:")
    return [*remark, command("curl", *options, "--request", quoted(line))]
