"""SCRAM at the server (RFC 5802, RFC 7677)."""

from __future__ import annotations

from functools import partial

from smtplab.sandbox.auth.desk import Desk, Exchange, malformed
from smtplab.sasl.saslname import unescape
from smtplab.sasl.scram_keys import (
    HASHES,
    MIN_ITERATIONS,
    PLUS,
    attributes,
    from_base64,
    to_base64,
)


def scram(mechanism: str, desk: Desk, initial: bytes | None) -> Exchange:
    """Four messages; the last proves that this server holds the password's keys."""
    first = _text((yield b"") if initial is None else initial)
    header, act_as, username, client_nonce = _client_first(first)
    if act_as not in ("", username):
        raise desk.refused()
    bound = _bound(mechanism, header, desk)
    nonce = client_nonce + desk.nonce()
    salt = to_base64(desk.directory.salt(username))
    server_first = f"r={nonce},s={salt},i={MIN_ITERATIONS}"
    final = _text((yield server_first.encode()))
    c, final_nonce, proof, without_proof = _client_final(final)
    keys = desk.directory.scram_keys(HASHES[mechanism], username)
    bare = first[len(header) :]
    auth_message = f"{bare},{server_first},{without_proof}".encode()
    is_right = keys.proves(proof, auth_message)
    account = desk.directory.find(username)
    # The server's nonce is new in each exchange: what was recorded in another one fails here.
    if account is None or not is_right or final_nonce != nonce or c != header.encode() + bound:
        raise desk.refused()
    # RFC 4954, 4: 235 carries no data, so the proof is a last challenge.
    end = yield f"v={to_base64(keys.server_signature(auth_message))}".encode()
    if end:
        raise malformed("The last response of SCRAM is empty")
    return account


scram_sha_1, scram_sha_256, scram_sha_256_plus = (partial(scram, name) for name in HASHES)


def _client_first(message: str) -> tuple[str, str, str, str]:
    """The GS2 header, whom to act as, the username and the client's nonce (RFC 5802, 7)."""
    flag, *rest = message.split(",", 2)
    try:
        act_as, bare = rest
        if act_as and not act_as.startswith("a="):
            raise ValueError
        if flag not in ("n", "y") and not (flag.startswith("p=") and len(flag) > 2):
            raise ValueError
        (n, name), (r, nonce), *_ = attributes(bare)  # m= is an extension that nobody knows
        if (n, r) != ("n", "r") or not _is_printable(nonce):
            raise ValueError
        return f"{flag},{act_as},", unescape(act_as[2:]), unescape(name), nonce
    except ValueError:
        raise malformed("SCRAM's first message is n,,n=username,r=nonce") from None


def _client_final(message: str) -> tuple[bytes, str, bytes, str]:
    """What c=, r= and p= hold, and the message without its proof."""
    without_proof, _, _ = message.rpartition(",p=")
    try:
        (c, bound), (r, nonce), *_, (p, proof) = attributes(message)
        if (c, r, p) != ("c", "r", "p"):
            raise ValueError
        return from_base64(bound), nonce, from_base64(proof), without_proof
    except ValueError:
        raise malformed("SCRAM's last message is c=binding,r=nonce,p=proof") from None


def _bound(mechanism: str, header: str, desk: Desk) -> bytes:
    """The octets that c= must add to the header (RFC 5802, 6)."""
    flag = header.partition(",")[0]
    if mechanism.endswith(PLUS) != flag.startswith("p="):
        raise malformed(f"{mechanism} {'wants' if mechanism.endswith(PLUS) else 'takes no'} p=")
    if flag == "y" and desk.plus_offered:  # somebody took -PLUS out of our EHLO reply
        raise desk.refused()
    if flag in ("n", "y"):
        return b""
    binding = desk.bindings.get(flag[2:])
    if binding is None:  # RFC 5802, 7: unsupported-channel-binding-type
        raise malformed(f"These can be bound here: {', '.join(desk.bindings) or 'none'}")
    return binding


def _is_printable(nonce: str) -> bool:
    """RFC 5802, 7: printable is %x21-2B / %x2D-7E."""
    return all("!" <= char <= "~" for char in nonce)


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise malformed("SCRAM's messages are UTF-8") from None
