"""Whose process is at the other end of a loopback connection, where the system can tell."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

from smtplab.sandbox.little_internet import Listener

# Linux, linux/sock_diag.h and linux/inet_diag.h: ask the kernel for one socket by its ports.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST = struct.Struct("=BBBxI2H16s16sIII")  # struct inet_diag_req_v2; ports in network order
_OWNER = struct.Struct("=II")  # idiag_uid and idiag_inode in struct inet_diag_msg
_OWNER_AT = _HEADER.size + 64
_ANSWER = 4096  # octets

_WHY = "This sandbox belongs to another user of this machine"
# RFC 5321, 4.2.2: 421 announces that the server closes; RFC 1939, 3; RFC 3501, 7.1.5.
_FAREWELLS = {
    "smtp": f"421 {{}} {_WHY}\r\n",
    "pop3": f"-ERR {_WHY}\r\n",
    "imap": f"* BYE {_WHY}\r\n",
}

Ends = tuple[tuple[str, int], tuple[str, int]]  # address and port: ours, the peer's


class PeerUser:
    """Asks the kernel, over one socket that is kept open."""

    def __init__(self) -> None:
        self._kernel: socket.socket | None = None

    def is_another(self, ends: Ends) -> bool:
        """Whether no process of our own user holds the peer's socket, as far as can be told.

        Somebody who has sent and closed already cannot be asked for, and is not let in either.
        """
        if not hasattr(socket, "AF_NETLINK"):
            return False
        try:
            owner = self.uid_of_peer(ends)
            if owner is None:  # gone, or a kernel that does not tell; ours is there to compare
                return self.uid_of_peer(ends[::-1]) is not None
        except (OSError, struct.error):
            self.close()  # an answer that comes late would be taken for the next one's
            return False
        return owner != os.getuid()

    def uid_of_peer(self, ends: Ends) -> int | None:
        """The user id behind the peer of an IPv4 connection on this machine; None if unknown.

        None too if its process has closed it: what is left of the socket belongs to nobody.
        """
        if self._kernel is None:
            self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
            self._kernel.setblocking(False)  # it answers before `send` returns
        self._kernel.send(_question(*ends))
        told = self._kernel.recv(_ANSWER)
        _, kind, *_ = _HEADER.unpack_from(told)
        if kind != _SOCK_DIAG_BY_FAMILY:
            return None
        uid, inode = _OWNER.unpack_from(told, _OWNER_AT)
        return uid if inode else None

    def close(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


def turn_away(sock: socket.socket, listener: Listener) -> None:
    """Say why in place of the greeting, where that can be said without TLS, and close."""
    with sock, suppress(OSError):
        if listener.tls != "implicit":
            sock.send(_FAREWELLS[listener.service].format(listener.host).encode())


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
