"""CRAM-MD5 at the server (RFC 2195, 2)."""

from __future__ import annotations

import hmac

from smtplab.sandbox.auth.desk import Desk, Exchange, Refused, malformed
from smtplab.sasl.cram_md5 import digest


def cram_md5(desk: Desk, initial: bytes | None) -> Exchange:
    if initial is not None:  # RFC 4954, 4
        raise Refused("501 5.7.0 In CRAM-MD5 the server speaks first; AUTH takes no response here")
    stamp = int(desk.now().timestamp())
    letters = "".join(filter(str.isalnum, desk.nonce()))
    challenge = f"<{letters}.{stamp}@{desk.host}>".encode()
    response = (yield challenge).decode("utf-8", "replace")
    username, space, digested = response.rpartition(" ")
    if not space:
        raise malformed("CRAM-MD5 is a username, a space and a digest")
    account = desk.directory.find(username)
    # A digest is made for a name that nobody has too: else the time would tell.
    right = digest(account.password if account else desk.nonce(), challenge)
    if account is None or not hmac.compare_digest(right.encode(), digested.encode()):
        raise desk.refused()
    return account
