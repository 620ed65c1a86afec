"""Windows and macOS, as far as Linux can play them: the course runs without what they lack.

Nothing here stands for a run on those systems; the README says that there was none. The workflow
for a host that has them is held to what it promises.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

# What the standard library does not have there (its documentation, "Availability").
LACKS = {
    "win32": {
        "modules": "fcntl resource termios tty pty pwd grp readline syslog",
        "os": "getuid geteuid getgid getpgid killpg fork setsid fchmod O_DIRECTORY",
        "signal": "SIGKILL SIGHUP SIGQUIT pthread_sigmask SIG_BLOCK SIG_SETMASK",
        "socket": "AF_NETLINK",
        "select": "poll epoll",
    },
    "darwin": {"socket": "AF_NETLINK", "select": "epoll"},
}

# The loop that is the default there cannot watch a socket, and loopback is one address.
PLAYED = """
import asyncio, asyncio.base_events, importlib, json, os, pkgutil, select, selectors, signal
import socket, ssl, subprocess, sys, tempfile, threading, types
import IPython, ipywidgets, nbformat, tqdm, trustme  # they look at the system, too
system, lacks = sys.argv[1], json.loads(sys.argv[2])
for name in lacks.get("modules", "").split():
    sys.modules[name] = None
for module in (os, signal, socket, select):
    for name in lacks.get(module.__name__, "").split():
        module.__dict__.pop(name, None)
if system == "win32":
    signal.SIGBREAK = signal.SIGUSR1
    locked = []
    def locking(descriptor, mode, octets):
        where = os.fstat(descriptor).st_ino
        if where in locked:
            raise OSError("Permission denied")
        locked.append(where)
    sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=locking)

class Watches(asyncio.SelectorEventLoop):
    def add_reader(self, *_):
        raise NotImplementedError
asyncio.new_event_loop = Watches

def one_loopback(event, given):
    if event == "socket.bind" and given[0].family == socket.AF_INET:
        assert given[1][0] in ("127.0.0.1", "localhost"), given[1]
sys.addaudithook(one_loopback)
sys.platform = system

import smtplab
for module in pkgutil.walk_packages(smtplab.__path__, "smtplab."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

from smtplab import Sandbox
from smtplab.sandbox.store import StoreError
with tempfile.TemporaryDirectory() as folder:
    with Sandbox("tcp", store=folder) as sandbox:
        client = sandbox.connect("mx.example.net", 25)
        codes = [client.ehlo().code]
        codes += [client.mail("alice@example.org").code, client.rcpt("bob@example.net").code]
        codes += [client.data().code, client.content(b"Subject: hi\\r\\n\\r\\nhi\\r\\n").code]
        client.quit()
        codes.append(len(sandbox.inbox("bob@example.net")))
        try:
            Sandbox("tcp", store=folder).start()
        except StoreError as error:
            codes.append("in use" in str(error))
print(codes)
"""


@pytest.mark.parametrize("system", LACKS)
def test_the_course_runs_with_what_another_system_lacks(system: str) -> None:
    """All modules import; a mail goes over TCP, and its store is locked."""
    done = subprocess.run(
        [sys.executable, "-c", PLAYED, system, json.dumps(LACKS[system])],
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[250, 250, 250, 354, 250, 1, True]"


def test_a_workflow_runs_the_readmes_command_on_both_systems() -> None:
    root = Path(__file__).parents[1]
    workflow = yaml.safe_load((root / ".github/workflows/systems.yml").read_text("utf-8"))
    job = workflow["jobs"]["test"]
    assert set(job["strategy"]["matrix"]["system"]) == {"windows-latest", "macos-latest"}
    command = next(step["run"] for step in job["steps"] if "run" in step)
    assert command.startswith("python start.py test")
    assert "start.py test" in (root / "CONTRIBUTING.md").read_text("utf-8")
