"""AUTHENTICATE PLAIN in IMAP, with an initial response or without (RFC 3501, 6.2.2; RFC 4959).

The response is in base64, as in SMTP's AUTH; programs that saw LOGINDISABLED before STARTTLS take
this way to sign in (curl does), and LOGIN cannot carry every name.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error

from smtplab.sandbox.reading.imap_syntax import Arguments, Bad, No

_BASE64 = re.compile(rb"[A-Za-z0-9+/=*]*")


class More(Exception):
    """The command goes on with a line that the server must ask for: "+ "."""


def name_and_password(args: Arguments) -> tuple[bytes, bytes]:
    """What PLAIN says (RFC 4616, 2); `More` where the response is still to come."""
    args.space()
    if args.word() != "PLAIN":
        raise No("[CANNOT] PLAIN is the one mechanism here")
    if not (args.take(b" ") or args.take(b"\r\n")):
        args.end()
        raise More
    found = args.match(_BASE64)
    try:
        args.end()
        response = found[0] if found else b""
        if response == b"*":
            raise No("The exchange was cancelled")
        act_as, username, password = b64decode(response, validate=True).split(b"\0")
    except (Bad, Base64Error, ValueError):  # what it says could show a part of the password
        raise Bad("AUTHENTICATE PLAIN wants three words with NUL between them, in base64") from None
    if act_as not in (b"", username):
        return b"", b""  # nobody acts for another here
    return username, password
