"""A browser's Python: no TLS, no threads, no sockets, no cryptography; the conversation works."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tools import node_module, tool

PROJECT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds; Pyodide starts in five to ten

CONVERSATION = r"""
import smtplab
from smtplab import Sandbox

sandbox = Sandbox().start()
assert sandbox.transport == "memory" and sandbox.ca_file is None

with sandbox.connect("mx.example.net", 25) as client:
    assert client.greeting.code == 220
    assert client.ehlo().code == 250
    assert "STARTTLS" not in client.extensions and "AUTH" not in client.extensions
    assert client.starttls().code == 502
    assert client.mail("carol@example.org").code == 250
    assert client.rcpt("somebody@example.com").code == 550
    assert client.rcpt("bob@example.net").code == 250
    assert client.data().code == 354
    assert client.content(b"Subject: one\r\n\r\n.\r\n").code == 250
    assert client.quit().code == 221

with sandbox.connect("smtp.example.org", 587) as client:
    assert client.ehlo().code == 250
    assert client.extensions.auth_mechanisms[0] == "SCRAM-SHA-256"  # a private listener
    assert client.mail("alice@example.org").code == 530
    assert client.auth("alice@example.org", "wrong", "LOGIN").code == 535
    exchange = client.begin_auth("alice@example.org", "looking-glass")
    assert exchange.mechanism == "SCRAM-SHA-256" and exchange.run().code == 235
    assert client.mail("alice@example.org").code == 250
    assert client.rcpt("bob@example.net").code == 250
    assert client.rcpt("nobody@example.net").code == 250
    assert client.data().code == 354
    assert client.content(b"From: alice@example.org\r\nSubject: two\r\n\r\n").code == 250

assert not [one for one in sandbox.listeners if one.tls == "implicit"]
try:
    sandbox.connect("smtp.example.org", 465)
except smtplab.ConnectionLost as error:
    assert str(error).endswith(": it begins with TLS, and this Python has no TLS"), error
else:
    raise AssertionError("465 begins with TLS")

one, two = sandbox.inbox("bob@example.net")
assert (one.subject, two.subject) == ("one", "two") and one.content.endswith(b"\r\n\r\n.\r\n")
assert two.verdict.checks.dkim.result == two.verdict.checks.dmarc.result == "pass"
assert " with ESMTPA id " in two.message.get_all("Received")[1]
assert sandbox.inbox("alice@example.org")[0].message.get_content_type() == "multipart/report"
assert "looking-glass" not in client.transcript.to_text()
assert not sandbox.errors
sandbox.stop()
print("the conversation worked")
"""

# What CPython must go without to stand for a browser's Python. Its `ssl` has all the names.
BLOCKS = r"""
import sys
import _socket, _thread, asyncio, socket, ssl, threading  # the real ones, to be taken away

def refuse(*arguments, **named):
    raise OSError("a browser's Python cannot do this")

class Stub(type(ssl)):
    pass

stub = Stub("ssl")
vars(stub).update(vars(ssl))
for name in ("SSLContext", "MemoryBIO", "SSLObject", "SSLSocket"):
    setattr(stub, name, type(name, (), {"__init__": refuse, "__new__": refuse}))
stub.create_default_context = stub._create_unverified_context = refuse
sys.modules["ssl"] = asyncio.sslproto.ssl = stub

def no_thread(*arguments, **named):
    raise RuntimeError("can't start new thread")

_thread.start_new_thread = threading._start_new_thread = no_thread
if hasattr(threading, "_start_joinable_thread"):
    threading._start_joinable_thread = no_thread
socket.socket.__init__ = refuse
socket.socketpair = socket.create_connection = socket.getaddrinfo = refuse
sys.platform = "emscripten"

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("trustme", "cryptography", "_ssl", "OpenSSL"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )


def test_the_conversation_works_without_tls_threads_sockets_and_cryptography() -> None:
    ended = run_python(BLOCKS + CONVERSATION)
    assert ended.stderr == "" and ended.stdout == "the conversation worked\n"


@pytest.mark.parametrize(
    "use",
    [
        "import ssl; ssl.create_default_context()",
        "import ssl; ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "import socket; socket.socket()",
        "import threading; threading.Thread(target=print).start()",
        "import trustme",
        "import cryptography",
        "import asyncio; asyncio.new_event_loop()",
        "from smtplab import Sandbox; Sandbox('tcp').start()",
    ],
)
def test_what_is_blocked_is_blocked(use: str) -> None:
    """Else the test above would show nothing."""
    ended = run_python(BLOCKS + use)
    assert ended.returncode == 1 and ended.stdout == ""


_PYODIDE = """
const [site, project, code] = JSON.parse(process.env.WORK);
const { loadPyodide } = require("pyodide");
loadPyodide().then((python) => {
  const mount = (folder, at) => { python.FS.mkdirTree(at); python.mountNodeFS(at, folder); };
  mount(project, "/project");
  site.forEach((folder, n) => mount(folder, `/site/${n}`));
  python.globals.set("places", python.toPy(["/project", ...site.map((_, n) => `/site/${n}`)]));
  python.runPython("import sys; sys.path += places; sys.dont_write_bytecode = True");
  python.runPython(code);
}).catch((error) => { console.error(error.message); process.exitCode = 1; });
"""


def test_the_conversation_works_in_pyodide_itself() -> None:
    """The dependencies are pure Python, so Pyodide takes them from this environment."""
    specs = [find_spec(name) for name in ("aiosmtpd", "attr", "public", "dns")]
    site = {str(Path(spec.origin).parents[1]) for spec in specs if spec and spec.origin}
    ended = subprocess.run(
        [tool("node"), "-e", _PYODIDE],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={
            **os.environ,
            "NODE_PATH": node_module("pyodide"),
            "WORK": json.dumps([sorted(site), str(PROJECT), CONVERSATION]),
        },
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "the conversation worked\n"
