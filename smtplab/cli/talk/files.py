"""Files that are sent: their line ends become those of mail (RFC 5321, 2.3.8)."""

from pathlib import Path

from smtplab.errors import LocalProtocolError


def file_content(name: str) -> bytes:
    """A file as content: each line end becomes CR LF, nothing else changes."""
    try:
        octets = Path(name).expanduser().read_bytes()
    except (OSError, ValueError):
        raise LocalProtocolError(f"{name!r} cannot be read as a file") from None
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
