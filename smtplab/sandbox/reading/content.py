"""A content taken apart for its readers: header section, body, header fields (RFC 5322, 2)."""

from __future__ import annotations


def split(content: bytes) -> tuple[bytes, bytes]:
    """The header section with the empty line that ends it, and the body.

    >>> split(b"Subject: x\\r\\n\\r\\nbody\\r\\n")
    (b'Subject: x\\r\\n\\r\\n', b'body\\r\\n')
    """
    if content.startswith(b"\r\n"):  # no header fields at all
        return content[:2], content[2:]
    end = content.find(b"\r\n\r\n")
    return (content, b"") if end < 0 else (content[: end + 4], content[end + 4 :])


def header_fields(header_section: bytes) -> list[tuple[bytes, bytes]]:
    """Each header field: its name in lower case, and its octets with folding and line end.

    >>> header_fields(b"To: a,\\r\\n b\\r\\nSubject: x\\r\\n\\r\\n")
    [(b'to', b'To: a,\\r\\n b\\r\\n'), (b'subject', b'Subject: x\\r\\n')]
    """
    fields: list[list[bytes]] = []
    for line in header_section.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1].append(line)
        elif line:
            fields.append([line])
    return [
        (lines[0].partition(b":")[0].strip().lower(), b"\r\n".join((*lines, b"")))
        for lines in fields
    ]


def value_of(field: bytes) -> bytes:
    """What stands behind the name of a header field, unfolded (RFC 5322, 2.2.3).

    >>> value_of(b"To: a,\\r\\n b\\r\\n")
    b'a, b'
    """
    return field.partition(b":")[2].replace(b"\r\n", b"").strip()
