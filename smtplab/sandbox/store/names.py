"""Names of mailboxes as names of folders that are legal, distinct and harmless everywhere."""

from __future__ import annotations

import re
from hashlib import sha256

# Windows keeps these for devices, also with an extension behind a dot (learn.microsoft.com,
# "Naming Files, Paths, and Namespaces"). Everything but small letters is written as %xx anyway.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_HARMLESS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789@_+-.")
LONGEST = 100  # octets; most file systems take 255 a name, and Windows 260 a whole path


def folder_name(mailbox: str) -> str:
    """The name of the folder for a mailbox: no two mailboxes share one.

    Small letters, digits and ``@ _ + - .`` stand for themselves; every other octet of the UTF-8
    form is ``%`` and two hexadecimal digits, capital letters too, since some file systems do not
    tell them apart. A long name is cut, and ``~`` and a hash tell it from its neighbours.

    >>> folder_name("alice@example.org"), folder_name("../CON"), folder_name("con.x")
    ('alice@example.org', '%2e%2e%2f%43%4f%4e', '%63on.x')
    """
    octets = mailbox.encode("utf-8", "surrogatepass")
    name = "".join(chr(octet) if octet in _HARMLESS else f"%{octet:02x}" for octet in octets)
    dots = len(name) - len(name.lstrip("."))
    name = "%2e" * dots + name[dots:]  # "..", and names that are hidden
    if name.endswith("."):  # Windows drops it
        name = f"{name[:-1]}%2e"
    if _DEVICES.match(name):
        name = f"%{ord(name[0]):02x}{name[1:]}"
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 33]}~{sha256(octets).hexdigest()[:32]}"
    return name or "%"
