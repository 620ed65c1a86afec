"""Tests run where every route but loopback is cut, and the kernel tells where they connect to."""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import tool

ROOT = Path(__file__).parents[1]

# Files that speak of a sandbox and do not run here, and why. All others do.
LEFT_OUT = {
    "the closed world itself": "closed_world*",
    "a browser, which looks for names of its own": "*browser* binder exam_and_sheets lite",
    "kernels and the lessons of notebooks: minutes of the processor":
        "check classroom lessons nbgrader notebooks",
    "programs of others, which have addresses, users and folders of their own":
        "auth_peers capture_tshark exim_output flood mta_real_peers nodemailer_extensions "
        "peer_user postfix_peers real_peers relays special_hosts_peers",
    "a Python of its own for each test: minutes of the processor for what runs elsewhere, too":
        "cli_talk* pytest_plugin store_kill",
    "it looks at the source, and starts nothing": "architecture",
}  # fmt: skip
PARTS = 16
"""Each is far from the five minutes after which a test counts as hanging."""

# In `tests.test_closed_world_...` two workers share the parts: with `loadfile` a file has one.
FIRST_HALF, SECOND_HALF = range(0, PARTS, 2), range(1, PARTS, 2)

_CALLS = "connect,sendto,sendmsg,sendmmsg"
_CALL = re.compile(rf"(?:{_CALLS.replace(',', '|')})\(\d+, .*?sa_family=AF_(\w+)(.*)")
_AT_HOME = re.compile(r'inet_addr\("127\.|"::1"|"::ffff:127\.')
# A name server on loopback asks the others: that is a way out, too.
_ASKS_A_NAME_SERVER = "htons(53)"


@dataclass(frozen=True)
class Watched:
    """What became of a program, and what the kernel saw of it."""

    code: int
    said: str
    strangers: tuple[str, ...]  # calls that name an address outside
    families: frozenset[str]  # of all addresses that were named


def isolated(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program where there is no network but loopback."""
    script = 'ip link set lo up && exec "$@"'
    return subprocess.run(
        [tool("unshare"), "--map-root-user", "--net", "sh", "-c", script, "sh", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=280,
    )


def watched(*words: str) -> Watched:
    """The same, with each call that names an address written down."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "calls"
        # With seccomp, a call that is not watched costs nothing.
        watch = ("-f", "-qq", "--seccomp-bpf", "-e", f"trace={_CALLS}", "-o", str(log))
        ended = isolated(tool("strace"), *watch, *words)
        lines = log.read_text("utf-8", "replace").splitlines()
    calls = [(line, call) for line in lines if (call := _CALL.search(line))]
    strangers = tuple(
        line
        for line, call in calls
        if call[1] in ("INET", "INET6")
        and (_ASKS_A_NAME_SERVER in call[2] or not _AT_HOME.search(call[2]))
    )
    families = frozenset(call[1] for _, call in calls)
    return Watched(ended.returncode, ended.stdout.decode("utf-8", "replace"), strangers, families)


def namespaces() -> None:
    """Skip where there are none."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's")
    tool("ip")
    if isolated("true").returncode != 0:
        pytest.skip("this system gives no network namespace")


def left_out() -> set[Path]:
    names = (name for names in LEFT_OUT.values() for name in names.split())
    return {path for name in names for path in (ROOT / "tests").glob(f"test_{name}.py")}


def files() -> list[Path]:
    """Every file of tests that speaks of a sandbox, but for those that are left out."""
    every = sorted(set((ROOT / "tests").glob("test_*.py")) - left_out())
    return [path for path in every if "sandbox" in path.read_text("utf-8").lower()]


def judge(seen: Watched) -> None:
    """It ended well, connected to loopback, and to nothing else."""
    assert not seen.strangers, "\n".join(seen.strangers)
    assert seen.code == 0, seen.said[-3000:]
    assert "INET" in seen.families, "the watch saw the connections over loopback"


def run_tests(*paths: Path) -> Watched:
    words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval")
    return watched(*words, *map(str, paths))


def check_part(part: int) -> None:
    namespaces()
    judge(run_tests(*files()[part::PARTS]))
