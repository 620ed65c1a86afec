"""The static site: built and weighed."""

import gzip
import subprocess
import sys
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


def packed_size(folder: Path) -> int:
    """Octets of all files of a site, each packed as a host would send it."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(min(len(octets), len(gzip.compress(octets))) for octets in files)
