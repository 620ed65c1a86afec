"""What the engine leans on inside aiosmtpd and asyncio: one test for each name that is not public.

A new version of either that changes one of them turns a test red here, with the name in it.
"""

import ast
import asyncio
import inspect
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent

import pytest
from aiosmtpd.smtp import SMTP, Session

from smtplab import Sandbox
from smtplab.sandbox import (
    authentication,
    chunking,
    connection,
    engine,
    enquiries,
    mail_data,
    server,
    stock,
    transaction,
)
from smtplab.sandbox.faults import interference

MODULES = (
    connection,
    engine,
    stock,
    interference,
    transaction,
    mail_data,
    chunking,
    enquiries,
    authentication,
    server,
)
SOURCES = [Path(str(module.__file__)) for module in MODULES]


@pytest.fixture
def bare():
    """A protocol object of aiosmtpd itself, connected to a transport that goes nowhere."""
    loop = asyncio.new_event_loop()
    protocol = SMTP(object(), hostname="mx.example.net", loop=loop)
    transport = _Nowhere()
    protocol.connection_made(transport)
    yield protocol
    transport.close()
    protocol.connection_lost(None)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


class _Nowhere(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.closing = False

    def write(self, data: object) -> None: ...

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


def test_the_version_is_one_that_these_tests_were_written_for() -> None:
    assert version("aiosmtpd").startswith("1.4.")


def own_attributes() -> set[str]:
    """Every `self.name = ...` in the engine and the server."""
    names = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if isinstance(node.value, ast.Name) and node.value.id == "self":
                    names.add(node.attr)
    return names


# Names that aiosmtpd has too, and that the connection or the engine sets on purpose: its
# constructor is not called.
MEANT = {
    "loop",
    "hostname",
    "tls_context",
    "session",
    "transport",
    "_tls_protocol",
    "_original_transport",
    "_handler_coroutine",  # a `Course` instead of a task
    "_smtp_methods",  # `ByName` instead of a dictionary for each connection
    "_timeout_handle",
}


def test_no_attribute_of_ours_hides_one_of_theirs(bare: SMTP) -> None:
    """One `_paused` for reading and for writing let a client fill the memory."""
    theirs = set(vars(bare)) | {name for base in SMTP.__mro__ for name in vars(base)}
    assert own_attributes() & theirs == MEANT & theirs
    assert MEANT <= theirs


def looked_at(method: str) -> set[str]:
    """Every `self.name` in a method of aiosmtpd's class."""
    (tree,) = ast.parse(dedent(inspect.getsource(getattr(SMTP, method)))).body
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def test_what_still_runs_of_aiosmtpd_looks_at_nothing_that_only_its_constructor_sets() -> None:
    """The constructor is not called, so a name that is missing would end the session."""
    ours = MEANT | {"push"}
    still_runs = {"smtp_STARTTLS", "_set_rset_state", "_set_post_data_state", "_create_envelope"}
    assert looked_at("smtp_STARTTLS") <= ours
    names = {name for method in still_runs for name in looked_at(method)}
    assert names - ours - still_runs == {"envelope"}  # made anew here, and read by nobody


def test_the_server_knows_exactly_these_verbs() -> None:
    with Sandbox("memory") as sandbox, sandbox.connect():
        (one,) = sandbox._world.live.values()
        assert isinstance(one, server.Server)
        verbs = "AUTH BDAT DATA EHLO ETRN EXPN HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"
        assert sorted(one._smtp_methods) == verbs.split()


def test_every_verb_is_ours_except_the_work_under_starttls() -> None:
    for name in dir(SMTP):
        if name.startswith("smtp_"):
            ours = getattr(server.Server, name) is not getattr(SMTP, name)
            assert ours, f"{name} would speak without enhanced codes"


def test_a_session_starts_unknown_and_unauthenticated(bare: SMTP) -> None:
    assert isinstance(bare.session, Session)
    assert bare.session.peer is None and bare.session.extended_smtp is False
    assert not bare.session.authenticated and bare.session.auth_data is None
    assert bare.session.host_name is None


def test_starttls_pushes_its_220_before_it_changes_the_transport() -> None:
    source = inspect.getsource(SMTP.smtp_STARTTLS)
    pushed = source.index("self.push('220 Ready to start TLS')")
    assert pushed < source.index("self._tls_protocol = ")
    assert pushed < source.index("self._original_transport = self.transport")
    assert "raise TLSSetupException() from error" in source


def test_a_session_without_login_data_logs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox("memory") as sandbox, sandbox.connect(port=465) as client:
        client.ehlo()
        assert client.auth("alice@example.org", "looking-glass").code == 235
    assert not [r for r in caplog.records if r.name.startswith("mail") and r.levelno >= 30]
