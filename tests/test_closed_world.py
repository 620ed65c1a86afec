"""The sandbox never connects outside loopback: how that is watched, and that the watch sees.

The tests themselves run in `test_closed_world_first_half` and `..._second_half`.
"""

import sys
from pathlib import Path

import pytest

from tests import closed_world

# Documentation addresses: with every route cut nothing leaves, and the attempt is seen.
ATTEMPTS = {
    "TCP": "socket.socket().connect_ex(('192.0.2.1', 25))",
    "TCP over IPv6": "socket.socket(socket.AF_INET6).connect_ex(('2001:db8::1', 25))",
    "UDP": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 5353))",
    "a name server at home": "socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.53', 53))",
}
AT_HOME = """
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"""


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    closed_world.namespaces()


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_to_leave_is_seen(attempt: str) -> None:
    program = f"import contextlib, socket\nwith contextlib.suppress(OSError):\n    {attempt}"
    seen = closed_world.watched(sys.executable, "-c", f"{program}\n{AT_HOME}")
    assert len(seen.strangers) == 1 and seen.code == 0
    with pytest.raises(AssertionError, match="sa_family=AF_INET"):
        closed_world.judge(seen)


def test_a_program_that_stays_at_home_passes() -> None:
    closed_world.judge(closed_world.watched(sys.executable, "-c", f"import socket\n{AT_HOME}"))


def test_a_test_that_connects_outside_is_found_though_it_is_green(tmp_path: Path) -> None:
    path = tmp_path / "test_of_it.py"
    attempt = "    with socket.socket() as s:\n        s.connect_ex(('192.0.2.1', 25))"
    path.write_text(f"import socket\n\ndef test_of_it():\n{attempt}\n")
    seen = closed_world.run_tests(path)
    assert "1 passed" in seen.said
    with pytest.raises(AssertionError, match="192.0.2.1"):
        closed_world.judge(seen)


def test_a_watch_that_saw_nothing_and_a_red_test_are_no_proof() -> None:
    with pytest.raises(AssertionError, match="the watch saw"):
        closed_world.judge(closed_world.Watched(0, "1 passed", (), frozenset()))
    with pytest.raises(AssertionError, match="1 failed"):
        closed_world.judge(closed_world.Watched(1, "1 failed", (), frozenset({"INET"})))


def test_what_runs_follows_a_rule_and_what_does_not_is_named() -> None:
    names = {path.name for path in closed_world.files()}
    assert len(names) >= 80
    assert {"test_sandbox.py", "test_lists.py", "test_cli_serve.py", "test_store.py"} <= names
    for name in (name for names in closed_world.LEFT_OUT.values() for name in names.split()):
        assert list(Path(__file__).parent.glob(f"test_{name}.py")), f"test_{name}.py is no more"


def test_every_file_belongs_to_one_part() -> None:
    parts = [*closed_world.FIRST_HALF, *closed_world.SECOND_HALF]
    assert sorted(parts) == list(range(closed_world.PARTS))
