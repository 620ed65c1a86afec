"""What builds a site: the programs, in an environment of their own that ends with the build.

`lite` and `docs` are built in the same way.
"""

import argparse
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT = 600  # seconds that a step may take


@dataclass(frozen=True)
class Tools:
    """A virtual environment: its folder and its Python."""

    folder: Path

    @property
    def python(self) -> str:
        where = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
        return str(self.folder / where)


def install(folder: Path, requirements: Path) -> Tools:
    """Make the environment; `SystemExit` with pip's own words if that fails."""
    venv.create(folder, with_pip=True)
    tools = Tools(folder)
    run(tools.python, "-m", "pip", "install", "--quiet", "--requirement", str(requirements))
    return tools


def run(*words: str) -> None:
    """Run a program quietly; if it fails, show what it said and stop."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        said = (done.stdout + done.stderr)[-4000:]
        raise SystemExit(f"{Path(words[0]).name} failed ({done.returncode}):\n{said}")


def say(text: str) -> None:
    print(f"-- {text}", flush=True)


def read(parser: argparse.ArgumentParser, words: Sequence[str] | None) -> argparse.Namespace:
    """The options, and `folder` for a new site: its parents are made, it is not there yet."""
    parser.add_argument("folder", type=Path, help="where the site goes; must not exist yet")
    options = parser.parse_args(words)
    options.folder = options.folder.resolve()
    if options.folder.exists():
        parser.error(f"{options.folder} exists already; remove it, or name another folder")
    options.folder.parent.mkdir(parents=True, exist_ok=True)
    return options


def size(site: Path) -> str:
    """What the site weighs, for a person."""
    octets = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    return f"{octets / 1e6:.1f} MB"
