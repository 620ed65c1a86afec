"""The static site on loopback: built, served, weighed."""

import functools
import gzip
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD_LIMIT = 900  # seconds; a quiet machine needs a tenth


def build(folder: Path) -> None:
    """Build the site from this checkout into a new folder."""
    built = subprocess.run(
        [sys.executable, "-m", "lite", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=BUILD_LIMIT,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a plain file server, as `python -m http.server` is one."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """The requests are no news."""


def packed_size(folder: Path) -> int:
    """Octets of all files of a site, each packed as a host would send it."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(min(len(octets), len(gzip.compress(octets))) for octets in files)
