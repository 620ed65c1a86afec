"""OAUTHBEARER (RFC 7628) and XOAUTH2 at the server: a token of the toy issuer signs in."""

from __future__ import annotations

import json

from smtplab.sandbox.auth.desk import Desk, Exchange, malformed
from smtplab.sandbox.little_internet import Account
from smtplab.sandbox.tokens import ISSUER, SCOPE, BadToken
from smtplab.sasl.bearer import pairs_of
from smtplab.sasl.saslname import unescape

# Under which names mail programs outside the sandbox reach a host of it.
LOCAL_NAMES = ("localhost", "127.0.0.1")
INVALID_REQUEST = "invalid_request"

# XOAUTH2 says it in numbers of HTTP (RFC 6750, 3.1).
_HTTP_STATUS = {INVALID_REQUEST: "400", "invalid_token": "401", "insufficient_scope": "403"}


def oauthbearer(desk: Desk, initial: bytes | None) -> Exchange:
    message = _text((yield b"") if initial is None else initial)
    header, _, rest = message.partition("\x01")
    flag, *names = header.split(",")
    try:
        (act_as, end) = names
        pairs = pairs_of(rest)
        username = unescape(act_as.removeprefix("a="))
        if flag not in ("n", "y") or end or act_as[:2] not in ("", "a="):
            raise ValueError
    except ValueError:
        raise malformed("OAUTHBEARER is n,a=username,^Akey=value^A...^A (RFC 7628, 3.1)") from None
    fault = _wrong_place(desk, pairs)
    found = None if fault else _account(desk, username, pairs.get("auth", ""))
    if isinstance(found, Account):
        return found
    well_known = f"{ISSUER}/.well-known/openid-configuration"
    why = {"status": fault or found, "scope": SCOPE, "openid-configuration": well_known}
    refusal = desk.refused()  # counted now: the client may cancel instead of answering
    yield json.dumps(why, separators=(",", ":")).encode()
    raise refusal


def xoauth2(desk: Desk, initial: bytes | None) -> Exchange:
    message = _text((yield b"") if initial is None else initial)
    try:
        pairs = pairs_of(message)
        username = pairs["user"]
    except (ValueError, KeyError):
        raise malformed("XOAUTH2 is user=name^Aauth=Bearer token^A^A") from None
    found = _account(desk, username, pairs.get("auth", ""))
    if isinstance(found, Account):
        return found
    why = {"status": _HTTP_STATUS[found], "schemes": "Bearer", "scope": SCOPE}
    refusal = desk.refused()
    yield json.dumps(why, separators=(",", ":")).encode()
    raise refusal


def _account(desk: Desk, username: str, auth: str) -> Account | str:
    """Whose the token is, or the name of what is wrong; the name said must be the token's."""
    scheme, _, token = auth.partition(" ")
    if scheme.lower() != "bearer":  # RFC 7235, 2.1: in any case
        return INVALID_REQUEST if auth else "invalid_token"
    try:
        holder = desk.directory.tokens.holder(token.strip(" "))
    except BadToken as bad:
        return bad.name
    account = desk.directory.find(holder)
    is_same = username == holder or not username
    return account if account is not None and is_same else "invalid_token"


def _wrong_place(desk: Desk, pairs: dict[str, str]) -> str | None:
    """RFC 7628, 3.2: a host and port that are named must be the ones that are spoken to."""
    if pairs.get("host", desk.host).lower() not in (desk.host, *LOCAL_NAMES):
        return INVALID_REQUEST
    if pairs.get("port", str(desk.ports[0])) not in map(str, desk.ports):
        return INVALID_REQUEST
    return None


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise malformed("The message is not UTF-8") from None
