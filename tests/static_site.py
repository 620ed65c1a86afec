"""A folder as a static host serves it, on loopback."""

import functools
import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LIMIT = 120.0  # seconds that an answer is held back at most
_NOTHING: Mapping[str, threading.Event] = {}


@contextmanager
def served(folder: Path, late: Mapping[str, threading.Event] = _NOTHING) -> Iterator[str]:
    """Serve the folder while the block runs; gives its address.

    A path in `late` is answered once its event is set.
    """
    handler = functools.partial(_Quiet, late, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def __init__(self, late: Mapping[str, threading.Event], *args, **options) -> None:
        self._late = late
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        if event := self._late.get(self.path.partition("?")[0]):
            event.wait(LIMIT)
        super().do_GET()

    def log_message(self, *_):
        """The requests are no news."""
