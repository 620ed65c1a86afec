"""What Nodemailer logs with `logger: true, debug: true`, and its entries as JSON lines (bunyan)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from smtplab.importing.said import Format, Lines, Said, Who, octets

_LINE = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] [A-Z]+ +(?:\[([^\]]{1,64})\] )?(.*)", re.DOTALL
)
_CONNECTED = re.compile(r"(?:Secure c|C)onnection established to (.*:\d{1,5})$")
_REPLY = re.compile(r"[2-5]\d\d[ -]")
_MAX_ENTRY = 1 << 20  # characters of one JSON line


def read(lines: Lines) -> Iterator[Said]:
    """Lines of the log; those of the content have no speaker, up to the line with a dot."""
    content: set[str] = set()
    for number, line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        name, text = found[1] or "", found[2]
        if text.startswith("S: "):
            (content.add if text[3:].startswith("354") else content.discard)(name)
            yield Said(number, Who.SERVER, octets(text[3:]), name)
        elif name in content and text.startswith("<") and "encoded mime message" in text:
            content.discard(name)
        elif name in content:
            yield Said(number, Who.CLIENT, octets(text), name)
        elif text.startswith("C: "):
            yield Said(number, Who.CLIENT, octets(text[3:]), name)
        else:
            yield from _note(number, text, name)


def _note(number: int, text: str, name: str) -> Iterator[Said]:
    if place := _CONNECTED.match(text):
        yield Said(number, Who.CONNECT, octets(f"Nodemailer > {place[1]}"), name)
        if text.startswith("Secure"):
            yield Said(number, Who.TLS, b"TLS", name)
    elif text.startswith("Connection upgraded with STARTTLS"):
        yield Said(number, Who.TLS, b"TLS", name)
    elif text.startswith("Closing connection to the server"):
        yield Said(number, Who.CLOSE, b"by the client", name)


def read_json(lines: Lines) -> Iterator[Said]:
    """Entries of a logger such as bunyan: `tnx` tells who spoke, `sid` on which connection."""
    for number, line in lines:
        if not line.strip():
            continue
        entry = _entry(line)
        if entry is None:
            yield Said(number, Who.UNREAD)
            continue
        who, name, text = entry.get("tnx"), str(entry.get("sid", ""))[:64], str(entry["msg"])
        parts = text.removesuffix("\n").replace("\r\n", "\n").split("\n")
        if who == "server":
            yield from (Said(number, Who.SERVER, octets(part), name) for part in parts)
        elif who in ("client", "message") and not text.startswith("<"):
            yield from (Said(number, Who.CLIENT, octets(part), name) for part in parts)
        else:
            yield from _note(number, text, name)


def _entry(line: str) -> dict[str, object] | None:
    if len(line) > _MAX_ENTRY:
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("msg"), str) else None


def _is_entry(line: str) -> bool:
    return line.startswith("{") and '"tnx"' in line and '"msg"' in line


FORMAT = Format("nodemailer", "a Nodemailer log", _LINE.match, read)
JSON_FORMAT = Format("nodemailer-json", "a Nodemailer log in JSON", _is_entry, read_json)
