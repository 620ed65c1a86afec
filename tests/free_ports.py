"""A port for a program that has to be told one, and whether it listens there by now.

Nobody else takes the port before the program does.
"""

import os
import socket
from itertools import count

FIRST, EACH = 20_000, 1_000
"""What a system gives out by itself begins above: 32768 on Linux, 49152 elsewhere (RFC 6335, 6)."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
_steps = count(os.getpid())  # two runs at once begin at different places


def free_port() -> int:
    """Another one at each call; each worker of pytest-xdist has a range of its own.

    A port that the system had chosen could be given to somebody else as soon as it is let go.
    """
    for step in _steps:
        port = FIRST + _worker * EACH + step % EACH
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("a count has no end")


def is_listening(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0
