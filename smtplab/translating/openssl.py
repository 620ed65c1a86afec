"""A session as a script around `openssl s_client`: every line as it was sent, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from smtplab import session
from smtplab.replay import Step
from smtplab.transcript import Event, Transcript
from smtplab.translating.outline import Outline, Place, SignIn, outline, sign_in
from smtplab.translating.quoting import CONTENT, PASSWORD, CannotSay, comment, quoted, writing
from smtplab.translating.shell import asking, heading, shown, user_word
from smtplab.translating.translation import Translation

if TYPE_CHECKING:
    from smtplab.client import Client

KNOWN = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")  # a shell can write these without help

# -quiet: without it s_client takes a line that begins with R or Q for a command of its own.
_FUNCTIONS = """\
exec {to}>&"${server[1]}" {from}<&"${server[0]}"
hear() {  # one reply; what a terminal could take for a command is shown as ?
  local line
  while IFS= read -r line <&"$from"; do
    line=${line%$'\\r'}
    printf 'S: %s\\n' "${line//[^[:print:]]/?}"
    [[ $line == [0-9][0-9][0-9]-* ]] || return 0
  done
}
say() { printf 'C: %s\\n' "$1"; printf '%s\\r\\n' "$1" >&"$to"; hear; }
say_unseen() { printf 'C: ********\\n'; printf '%s\\r\\n' "$1" >&"$to"; hear; }
in_base64() { printf "$@" | base64 | tr -d '\\n'; }"""


def as_openssl(
    session: Transcript | Client, connection: str | None = None, *, place: Place | None = None
) -> Translation:
    """The connection (the first, if none is named) as a script around `openssl s_client`.

    `place` says where it finds the server, as `Place.in_sandbox(sandbox, host, port)`.
    """
    of = outline(session, connection, place)
    lines = heading(of, "openssl s_client")
    if of.tls == "none":
        told = "openssl s_client speaks TLS only, and this session had none. Its lines were:"
        lines += [*comment(told), *(one for s in _said(of) for one in comment(f"  {shown(s)}"))]
        return Translation("openssl", "\n".join(lines) + "\n")
    lines += _secret(of)
    lines += [_coproc(of), _FUNCTIONS, ""]
    steps = _said(of)
    if of.tls == "starttls":
        at = next(n for n, step in enumerate(steps) if step.name == "STARTTLS")
        lines += comment("s_client hears the greeting, and says EHLO and STARTTLS, itself.")
        lines += [
            line
            for step in steps[:at]
            if step.name != "EHLO"
            for line in comment(f"Before TLS it cannot say: {shown(step)}")
        ]
        steps = steps[at + 1 :]
    else:
        lines.append("hear")
    lines += _conversation(of, steps)
    if not steps or steps[-1].name != "QUIT":
        lines += [*comment("The session ended without QUIT; s_client ends by it."), "say QUIT"]
    return Translation("openssl", "\n".join(lines) + "\n")


def _said(of: Outline) -> list[Step]:
    return [step for step in of.steps if step.sent is not None]


def _secret(of: Outline) -> list[str]:
    found = [one for one in of.sign_ins if of.stand_in(one.mechanism, KNOWN)]
    return asking(found[-1]) if found else []


def _coproc(of: Outline) -> str:
    words = ["openssl s_client -quiet"]
    where = (
        f"[{of.place.address}]:{of.place.port}"
        if ":" in of.place.address
        else f"{of.place.address}:{of.place.port}"
    )
    words += ["-connect", quoted(where.encode())]
    if of.tls == "starttls":
        _, name = of.hello
        words += ["-starttls smtp", *(["-name", quoted(name)] if name else [])]
    try:
        ip_address(of.place.address)
        check = "-verify_ip"
    except ValueError:
        check = "-verify_hostname"
        words += ["-servername", quoted(of.place.address.encode())]
    if of.verified:
        words += ["-verify_return_error", check, quoted(of.place.address.encode())]
    words += ["-CAfile", quoted(of.place.ca_file.encode())] if of.place.ca_file else []
    return f"coproc server {{ {' '.join(words)}; }}"


def _conversation(of: Outline, steps: list[Step]) -> Iterator[str]:
    for place, step in enumerate(steps):
        assert step.sent is not None
        if step.name == session.CHALLENGE:
            continue
        try:
            if step.name == "AUTH":
                yield from _auth(of, sign_in(steps, place))
            elif step.name == session.END_OF_DATA:
                yield from _octets(step.sent, "content")
            elif step.chunk is not None or b"\n" in step.sent.octets.removesuffix(b"\r\n"):
                yield from _octets(step.sent, "line")
                yield from _octets(step.chunk, "chunk") if step.chunk else ()
            elif step.sent.secrets:
                yield from comment(f"A secret stood here, so it is left out: {shown(step)}")
                continue
            else:
                line = step.sent.octets.removesuffix(b"\r\n")
                yield f"say {quoted(line)}"
                continue
        except CannotSay as why:
            yield from comment(f"A shell cannot say: {why}")
            continue
        if step.name != "AUTH":
            yield "hear"


def _octets(event: Event, what: str) -> Iterator[str]:
    """Octets as they went out."""
    if event.secrets:
        yield from comment(f"A secret stood in the {what}, so it does not go out as it was.")
    if event.is_whole and not event.secrets:
        yield f'{writing(event.octets)} >&"$to"'
        return
    yield from comment(f"The {what} had {event.length} octets; put it into {CONTENT}.")
    yield f"{{ sed 's/^\\./../; s/\\r*$/\\r/' {CONTENT}; printf '.\\r\\n'; }} >&\"$to\""


def _auth(of: Outline, found: SignIn) -> Iterator[str]:
    mechanism = of.stand_in(found.mechanism, KNOWN)
    if not mechanism:
        yield from comment(f"AUTH {found.mechanism} wants an answer that no shell can compute.")
        return
    if mechanism != found.mechanism:
        told = f"AUTH {found.mechanism} wants an answer to be computed; {mechanism} stands for it."
        yield from comment(told)
    user, secret = user_word(found), f'"${PASSWORD}"'
    if mechanism == "LOGIN":
        yield "say 'AUTH LOGIN'"
        yield f'say_unseen "$(in_base64 %s {user})"'
        yield f'say_unseen "$(in_base64 %s {secret})"'
        return
    form = {
        "PLAIN": "'\\0%s\\0%s'",
        "XOAUTH2": "'user=%s\\001auth=Bearer %s\\001\\001'",
        "OAUTHBEARER": "'n,a=%s,\\001auth=Bearer %s\\001\\001'",
    }[mechanism]
    if found.at_once:
        yield f'say_unseen "AUTH {mechanism} $(in_base64 {form} {user} {secret})"'
    else:
        yield f"say 'AUTH {mechanism}'"
        yield f'say_unseen "$(in_base64 {form} {user} {secret})"'
    if found.has_token and not found.accepted:
        yield from comment("The server said why; an empty response ends that (RFC 7628, 3.2.3).")
        yield "say ''" if mechanism == "XOAUTH2" else "say AQ=="
