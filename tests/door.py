"""A door of our own in front of a port: what comes in goes on as if this process had sent it.

The sandbox turns away programs of other users. Exim and Dovecot refuse to work as root, so where
the tests run as root those two are somebody else, and come through here.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"


@contextmanager
def door(port: int) -> Iterator[int]:
    """A port that leads to `port`, until the end of the block."""
    threads: list[threading.Thread] = []
    with socket.create_server((LOOPBACK, 0)) as listener:
        opened = threading.Thread(target=_serve, args=(listener, port, threads))
        opened.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):  # it is not connected, but this wakes whoever accepts
                listener.shutdown(socket.SHUT_RDWR)
            opened.join()
            for thread in threads:
                thread.join()


def _serve(listener: socket.socket, port: int, threads: list[threading.Thread]) -> None:
    while True:
        try:
            guest, _ = listener.accept()
        except OSError:
            return
        threads.append(threading.Thread(target=_lead, args=(guest, port)))
        threads[-1].start()


def _lead(guest: socket.socket, port: int) -> None:
    """Carry octets both ways until both sides have ended theirs."""
    with guest, socket.create_connection((LOOPBACK, port)) as inside:
        other = {guest: inside, inside: guest}
        with selectors.DefaultSelector() as selector, suppress(OSError):
            for end in other:
                selector.register(end, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    assert isinstance(key.fileobj, socket.socket)
                    if octets := key.fileobj.recv(65_536):
                        other[key.fileobj].sendall(octets)
                    else:  # Exim ends its half behind QUIT, and still reads
                        selector.unregister(key.fileobj)
                        other[key.fileobj].shutdown(socket.SHUT_WR)
