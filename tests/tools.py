"""Programs from outside Python that some tests want: found, or the test says what is missing."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

STRICT = os.environ.get("SMTPLAB_STRICT_TOOLS", "") not in ("", "0")
"""Set by .ci/run, which installs every tool: then a missing one is a failure, not a skip."""

OTHER_NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "node": ("node", "nodejs"),
}
"""The names of one program on different systems."""

HINTS = {
    "chromium": "install Chromium or Chrome (Debian: apt install chromium)",
    "curl": "install curl (Debian: apt install curl)",
    "dovecot": "install it (Debian: apt install dovecot-core dovecot-submissiond)",
    "exim4": "install Exim, or unpack it beside another MTA as .ci/run does",
    "msmtp": "install msmtp (Debian: apt install msmtp)",
    "node": "install Node.js (Debian: apt install nodejs npm)",
    "postfix": "install it, or unpack it beside another MTA as .ci/run does",
    "s-nail": "install s-nail (Debian: apt install s-nail)",
    "setpriv": "it is part of util-linux",
    "strace": "install strace (Debian: apt install strace)",
    "unshare": "it is part of util-linux",
    "ip": "install iproute2 (Debian: apt install iproute2)",
    "swaks": "install swaks (Debian: apt install swaks libnet-ssleay-perl)",
    "tshark": "install tshark (Debian: apt install --no-install-recommends tshark)",
    "smtp-sink": "it is part of Postfix; .ci/run unpacks it without installing Postfix",
    "smtp-source": "it is part of Postfix; .ci/run unpacks it without installing Postfix",
}
"""How to get a program that is missing."""


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails under the strict switch."""
    return find_tool(name) or missing(name, HINTS.get(name, "install it and put it on PATH"))


def find_tool(name: str) -> str | None:
    """The path of a program, if it is there."""
    found = (shutil.which(candidate) for candidate in OTHER_NAMES.get(name, (name,)))
    return next(filter(None, found), None)


def node_module(name: str) -> str:
    """A folder for NODE_PATH that holds the npm package, or a skip or failure like `tool`."""
    tool("node")
    return find_module(name) or missing(
        f"npm package {name}", f"run npm install {name} in the project's folder"
    )


def find_module(name: str) -> str | None:
    """A folder for NODE_PATH that holds the npm package, if there is one."""
    folders = [folder for folder in os.environ.get("NODE_PATH", "").split(os.pathsep) if folder]
    folders.append(str(Path(__file__).parents[1] / "node_modules"))
    for folder in folders:
        if (Path(folder) / name / "package.json").is_file():
            return folder
    if npm := shutil.which("npm"):
        found = subprocess.run(
            [npm, "root", "--global"], capture_output=True, text=True, timeout=180
        )
        folder = found.stdout.strip()
        if folder and (Path(folder) / name / "package.json").is_file():
            return folder
    return None


def missing(name: str, hint: str) -> NoReturn:
    """Skip the test and say why, or fail it under the strict switch."""
    reason = f"missing tool: {name} - {hint}"
    if STRICT:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def said_by(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a long command, as an installer is one; a failure shows the last of what it said."""
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout
