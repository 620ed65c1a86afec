"""A content as dkimpy wants it: header fields and a body in canonical form (RFC 6376, 3.4)."""

from __future__ import annotations

import logging
import re
from typing import Any

import dkim
from dkim.canonicalization import CanonicalizationPolicy

_LOG = logging.getLogger(__name__)  # else dkimpy looks its own up for every content
_LOG.addHandler(logging.NullHandler())

MOST_HEADER_LINES = 5_000  # our own limit, so that a hostile header section costs little


def split(content: bytes) -> tuple[Any, bytes]:
    """dkimpy's object for the header section, and the body; raises ValueError.

    dkimpy gets no body: it would keep each line of it as an object of its own.
    """
    header, _, body = content.partition(b"\r\n\r\n")
    if content.startswith(b"\r\n"):
        header, body = b"", content[2:]
    if header.count(b"\n") > MOST_HEADER_LINES:
        raise ValueError(f"it has more than {MOST_HEADER_LINES} lines")
    try:
        return dkim.DKIM(header.removesuffix(b"\r\n") + b"\r\n\r\n", logger=_LOG), body
    except (dkim.DKIMException, LookupError):
        raise ValueError("not every line of it belongs to a header field") from None


def canonical_body(body: bytes, form: str) -> bytes:
    r"""The body as it is hashed; `form` is "simple" or "relaxed" (RFC 6376, 3.4.3 and 3.4.4).

    >>> canonical_body(b"Hi  there \r\n\r\n", "relaxed")
    b'Hi there\r\n'
    """
    if form == "relaxed":  # dkimpy does this too, but only after a search that may take hours
        body = re.sub(rb"[ \t]+", b" ", body)
    policy = CanonicalizationPolicy.from_c_value(f"simple/{form}".encode())
    canonical: bytes = policy.canonicalize_body(body)
    return canonical
