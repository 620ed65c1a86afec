"""From octets to text: charsets, transfer encodings, encoded words (RFC 2045, 6; RFC 2047)."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from email.errors import HeaderParseError
from email.header import decode_header
from quopri import decodestring

MAX_VALUE = 2_000  # characters of one header field that are decoded
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")

# Python knows codecs that are no charsets of mail, some of them slow: only these are asked.
_CHARSET = re.compile(
    r"utf-?(8|16(be|le)?)|us-ascii|ascii|(iso-?8859|windows|koi8|euc|shift|iso-2022|cp|mac)"
    r"[-_]?[\w-]{1,12}|gb2312|gbk|gb18030|big5|latin-?1|tis-620",
    re.IGNORECASE,
)


def text_of(octets: bytes, charset: str = "") -> str:
    """Octets as text; what does not fit the charset is replaced, and it never raises.

    >>> text_of(b"caf\\xe9", "iso-8859-1"), text_of("é".encode(), "x-unknown")
    ('café', 'é')
    """
    for name in (charset, "utf-8"):
        if name and _CHARSET.fullmatch(name):
            try:
                return octets.decode(name, "replace")
            except (LookupError, ValueError):
                continue
    return octets.decode("utf-8", "replace")


def value_as_text(value: bytes) -> str:
    """The value of a header field for people: encoded words and UTF-8 decoded (RFC 2047, RFC 6532).

    >>> value_as_text(b"=?utf-8?q?caf=C3=A9?= at noon"), value_as_text("Zoë".encode())
    ('café at noon', 'Zoë')
    """
    text = value[: MAX_VALUE * 4].decode("utf-8", "replace")[:MAX_VALUE]
    if "=?" not in text:
        return text
    try:
        words = decode_header(text)
    except (HeaderParseError, ValueError):
        return text  # an encoded word that is broken stays as it came
    return "".join(
        word if isinstance(word, str) else text_of(word, (charset or "utf-8").partition("*")[0])
        for word, charset in words
    )


def decoded(octets: bytes, encoding: str) -> bytes:
    """The body of a part without its transfer encoding (RFC 2045, 6.7 and 6.8).

    >>> decoded(b"SGVsbG8=", "base64"), decoded(b"a=3Db", "quoted-printable")
    (b'Hello', b'a=b')
    """
    if encoding == "base64":
        digits = _NO_BASE64.sub(b"", octets)
        whole = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
        try:
            return a2b_base64(whole + b"=" * (-len(whole) % 4))
        except Base64Error:
            return octets
    return decodestring(octets) if encoding == "quoted-printable" else octets
