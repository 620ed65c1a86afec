"""BDAT at the server: a content in chunks whose size is told first (RFC 3030, 2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiosmtpd.smtp import syntax

from smtplab import session
from smtplab.line_rules import breaks_line_rules
from smtplab.mail_object import ChunkedContent
from smtplab.sandbox.mail_data import MailData
from smtplab.transcript import Kind

# bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]; chunk-size = 1*DIGIT; end-marker = "LAST"
_CHUNK = re.compile(r"(?P<size>[0-9]{1,500})(?P<last> LAST)?(?P<rest>.*)", re.I | re.A | re.S)

# A refused chunk is read and thrown away (RFC 3030, 2), up to this size. What claims to be larger
# would keep the connection busy for nothing, so it is closed; ours to choose.
MAX_THROWN_AWAY = 64 * 2**20  # octets


class Chunking(MailData):
    """Takes the content of a mail transaction by BDAT."""

    _chunks: ChunkedContent | None = None

    def _set_rset_state(self) -> None:
        super()._set_rset_state()
        self._chunks = None

    @syntax("BDAT octets [LAST]")
    async def smtp_BDAT(self, arg: str) -> None:
        chunk = _CHUNK.fullmatch(arg)
        if chunk is None or chunk["rest"]:
            await self.refuse_chunk(
                arg, "501 5.5.4 BDAT wants a number of octets, and may have LAST"
            )
            return
        if chunk["last"]:
            self.doing = session.BDAT_LAST
        limit = self.host.policy.size_limit
        if self._chunks is None:
            self._chunks = ChunkedContent(limit)
        size = int(chunk["size"])
        if not self._chunks.has_room_for(size):  # before anything is read
            await self.refuse_chunk(arg, f"552 5.3.4 The content may hold {limit} octets")
        elif await self._read_chunk(size, self._chunks.feed):
            await self.begin(self.doing, f"BDAT {arg}".encode())
            await self.push(self._end() if chunk["last"] else f"250 2.0.0 {size} octets taken")

    def _end(self) -> str:
        """The last chunk is there."""
        assert self._chunks is not None
        content = self._chunks.take()
        fault = "" if self._is_binary else breaks_line_rules(content)
        status = f"554 5.6.0 The content holds {fault}" if fault else self._finish(content)
        self._set_rset_state()
        return status

    async def refuse_chunk(self, arg: str, status: str) -> None:
        """Throw the chunk of a refused BDAT away, so that it is not taken for commands."""
        told = _CHUNK.fullmatch(arg)
        size = int(told["size"]) if told else 0
        if size > MAX_THROWN_AWAY:
            await self.push(status)
            await self.push("421 4.7.0 So large a chunk is not read to be thrown away; closing")
        elif await self._read_chunk(size, lambda octets: None):
            await self.push(status)

    async def _read_chunk(self, size: int, take: Callable[[bytes], None]) -> bool:
        """The octets behind the command line; False if the client went away before their end."""
        keeper = self.recorder.keeper()
        while keeper.length < size:
            if not self._inbox and not await self._more():
                return False
            octets = bytes(self._inbox[: size - keeper.length])
            del self._inbox[: len(octets)]
            take(octets)
            keeper.feed(octets)
        if size:
            self.recorder.record_kept(Kind.MAIL_DATA, self.step, keeper)
        return True
