"""The server's side of SASL: one generator a mechanism, challenges out and responses in."""

from __future__ import annotations

from collections.abc import Callable

from smtplab.sandbox.auth.bearer import oauthbearer, xoauth2
from smtplab.sandbox.auth.cram_md5 import cram_md5
from smtplab.sandbox.auth.desk import Desk, Directory, Exchange, Refused
from smtplab.sandbox.auth.login import login
from smtplab.sandbox.auth.plain import plain
from smtplab.sandbox.auth.scram import scram_sha_1, scram_sha_256, scram_sha_256_plus

__all__ = ["MECHANISMS", "Desk", "Directory", "Exchange", "Refused"]

# Each gets the initial response, if there is one; it raises `Refused` or returns an account.
MECHANISMS: dict[str, Callable[[Desk, bytes | None], Exchange]] = {
    "SCRAM-SHA-256-PLUS": scram_sha_256_plus,
    "SCRAM-SHA-256": scram_sha_256,
    "SCRAM-SHA-1": scram_sha_1,
    "CRAM-MD5": cram_md5,
    "PLAIN": plain,
    "LOGIN": login,
    "OAUTHBEARER": oauthbearer,
    "XOAUTH2": xoauth2,
}
