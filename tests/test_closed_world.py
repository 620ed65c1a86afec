"""The sandbox never connects outside loopback: shown from outside, by the kernel."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import tool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")

# What the sandbox does, without the tests that measure memory or call programs of others.
PARTS = {
    "servers": (
        "server", "service_extensions", "auth", "smuggling", "pop3", "imap", "faults", "middle",
        "random_sessions", "with_smtplib", "profiles",
    ),
    "mail on its way": (
        "delivery", "mta_route", "mta_tls", "mta_reports", "mta_downgrade", "reception", "lists",
        "redirects", "journey", "special_hosts", "dns", "store",
    ),
}  # fmt: skip
ROOT = Path(__file__).parents[1]
CALL = re.compile(r"(?:connect|sendto|sendmsg)\(\d+, .*?sa_family=AF_(\w+)(.*)")
AT_HOME = re.compile(r'inet_addr\("127\.|"::1"|"::ffff:127\.')


def isolated(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program where there is no network but loopback."""
    script = 'ip link set lo up && exec "$@"'
    return subprocess.run(
        [tool("unshare"), "--map-root-user", "--net", "sh", "-c", script, "sh", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
    )


@pytest.fixture(scope="module")
def _namespaces() -> None:
    tool("ip")
    if isolated("true").returncode != 0:
        pytest.skip("this system gives no network namespace")


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_the_sandbox_works_with_every_route_cut_and_connects_to_loopback_only(
    _namespaces: None, tmp_path: Path, part: str
) -> None:
    files = [f"tests/test_{name}.py" for name in PARTS[part]]
    log = tmp_path / "calls"
    watch = [tool("strace"), "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    ended = isolated(*watch, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert ended.returncode == 0, ended.stdout.decode("utf-8", "replace")[-3000:]
    families, strangers = set(), []
    for line in log.read_text("utf-8", "replace").splitlines():
        if call := CALL.search(line):
            families.add(call[1])
            if call[1] in ("INET", "INET6") and not AT_HOME.search(call[2]):
                strangers.append(line)
    assert not strangers
    assert "INET" in families, "the watch saw the connections over loopback"


def test_the_watch_sees_a_connection_to_elsewhere(_namespaces: None, tmp_path: Path) -> None:
    """A documentation address: with every route cut nothing leaves, and the attempt is seen."""
    log = tmp_path / "calls"
    attempt = "import socket; socket.socket().connect_ex(('192.0.2.1', 25))"
    watch = [tool("strace"), "-f", "-qq", "-e", "trace=connect", "-o", str(log)]
    isolated(*watch, sys.executable, "-c", attempt)
    calls = [CALL.search(line) for line in log.read_text().splitlines()]
    assert any(call and call[1] == "INET" and not AT_HOME.search(call[2]) for call in calls)
