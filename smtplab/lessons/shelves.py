"""Long contents: of more than 64 KiB the transcript keeps head, tail, length and SHA-256.

All of it lies in the mailbox that it came to, and is found there again by these four.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from smtplab.mail_object import ContentReader, encode_content
from smtplab.sandbox import Sandbox
from smtplab.transcript import Event, Kind

_BEGINNING = 512  # octets by which a content is looked for


class Shelves:
    """What lies in the folders of a sandbox, to look contents up in."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def octets_of(self, event: Event) -> bytes:
        """The octets of an event, whole where they can be found; else what was kept of them."""
        if event.is_whole or event.kind is not Kind.MAIL_DATA:
            return event.octets
        found = (octets for octets in self._candidates(event) if _is_it(octets, event))
        return next(found, event.octets)

    def _candidates(self, event: Event) -> Iterator[bytes]:
        """What begins alike: a chunk as it lies there, or mail data with its transparency."""
        reader = ContentReader()
        reader.feed(event.octets)
        contents = [
            stored.content
            for mailbox in self._sandbox.mailboxes
            for folder in mailbox
            for stored in mailbox.folder(folder)
        ]
        for content in contents:
            if (at := content.find(event.octets[:_BEGINNING])) >= 0:
                yield content[at : at + event.length]
            if (at := content.find(reader.content[:_BEGINNING])) >= 0:
                yield encode_content(content[at:])


def _is_it(octets: bytes, event: Event) -> bool:
    return len(octets) == event.length and sha256(octets).hexdigest() == event.sha256
