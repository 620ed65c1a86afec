"""Whose process is at the other end of a loopback connection, where the system can tell."""

from __future__ import annotations

import os
import socket
import struct

# Linux, linux/sock_diag.h and linux/inet_diag.h: ask the kernel for one socket by its ports.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST = struct.Struct("=BBBxI2H16s16sIII")  # struct inet_diag_req_v2; ports in network order
_UID_AT = _HEADER.size + 64  # idiag_uid in struct inet_diag_msg
_ANSWER = 4096  # octets

Ends = tuple[tuple[str, int], tuple[str, int]]  # address and port: ours, the peer's


class PeerUser:
    """Asks the kernel, over one socket that is kept open."""

    def __init__(self) -> None:
        self._kernel: socket.socket | None = None

    def is_another(self, ends: Ends) -> bool:
        """Whether the peer's process certainly belongs to another user than ours."""
        if not hasattr(socket, "AF_NETLINK"):
            return False
        try:
            return self.uid_of_peer(ends) not in (None, os.getuid())
        except (OSError, struct.error):
            self.close()  # an answer that comes late would be taken for the next one's
            return False

    def uid_of_peer(self, ends: Ends) -> int | None:
        """The user id behind the peer of an IPv4 connection on this machine; None if unknown."""
        if self._kernel is None:
            self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
            self._kernel.setblocking(False)  # it answers before `send` returns
        self._kernel.send(_question(*ends))
        told = self._kernel.recv(_ANSWER)
        _, kind, *_ = _HEADER.unpack_from(told)
        if kind != _SOCK_DIAG_BY_FAMILY:
            return None
        uid: int = struct.unpack_from("=I", told, _UID_AT)[0]
        return uid

    def close(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


def _question(here: tuple[str, int], there: tuple[str, int]) -> bytes:
    request = _REQUEST.pack(
        socket.AF_INET,
        socket.IPPROTO_TCP,
        0,
        _NO_COOKIE,  # sockets in any state
        socket.htons(there[1]),  # the peer's socket, so its source comes first
        socket.htons(here[1]),
        socket.inet_aton(there[0]).ljust(16, b"\0"),
        socket.inet_aton(here[0]).ljust(16, b"\0"),
        0,
        _NO_COOKIE,
        _NO_COOKIE,
    )
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
    return header + request
