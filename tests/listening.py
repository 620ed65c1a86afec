"""A scripted server that a process of its own can connect to: `tests.peers` with an open port."""

import socket
from contextlib import suppress
from types import TracebackType

from tests.peers import PATIENCE, Item, Peer


class ListeningPeer(Peer):
    """Plays its script to whoever connects first; `port` is where, `came_from` the other end."""

    came_from = ""

    def __init__(self, *script: Item, address: str = "127.0.0.1") -> None:
        super().__init__(*script)
        self._socket.close()  # of the pair that the base class made for a client in this process
        self._listener = socket.create_server(
            (address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        )
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # wakes an accept that nobody came to
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        super().__exit__(kind, error, traceback)

    def _play(self) -> None:
        try:
            self._socket, (self.came_from, *_) = self._listener.accept()
        except OSError:  # nobody came
            return
        self._socket.settimeout(PATIENCE)
        super()._play()
