"""What the engine leans on inside aiosmtpd and asyncio: one test for each name that is not public.

A new version of either that changes one of them turns a test red here, with the name in it.
"""

import ast
import asyncio
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Session, syntax

from smtplab import Sandbox
from smtplab.sandbox import (
    authentication,
    chunking,
    engine,
    enquiries,
    server,
    stock,
    transaction,
)
from smtplab.sandbox.faults import interference

MODULES = (engine, stock, interference, transaction, chunking, enquiries, authentication, server)
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


# Names that aiosmtpd or asyncio has too, and that the engine sets on purpose.
MEANT = {
    "command_size_limits",  # shared by all connections in aiosmtpd; ours is the connection's own
    "_tls_protocol",
    "_handler_coroutine",  # a `Course` instead of a task
    "session",  # set where aiosmtpd's connection_made would
    "transport",
    "_smtp_methods",  # `ByName` instead of a dictionary for each connection
    "_timeout_handle",
}


def test_no_attribute_of_ours_hides_one_of_theirs(bare: SMTP) -> None:
    """One `_paused` for reading and for writing let a client fill the memory."""
    theirs = set(vars(bare)) | {name for base in SMTP.__mro__ for name in vars(base)}
    assert own_attributes() & theirs == MEANT & theirs
    assert MEANT <= theirs


def test_verbs_and_mechanisms_are_found_by_the_name_of_their_method() -> None:
    class Protocol(SMTP):
        @syntax("FROB")
        async def smtp_FROB(self, arg: str) -> None: ...

        async def auth_FROB(self, server: object, args: list[str]) -> None: ...

        def __dir__(self) -> list[str]:
            return ["smtp_FROB", "auth_FROB"]

    protocol = Protocol(stock.NoHooks(), hostname="x.example", loop=asyncio.new_event_loop())
    assert list(protocol._smtp_methods) == ["FROB"]
    assert protocol._smtp_methods["FROB"].__smtp_syntax__ == "FROB"
    assert list(protocol._auth_methods) == ["FROB"]
    protocol.loop.close()


def test_the_server_knows_exactly_these_verbs() -> None:
    with Sandbox("memory") as sandbox, sandbox.connect():
        (one,) = sandbox._world.live.values()
        assert isinstance(one, server.Server)
        verbs = "AUTH BDAT DATA EHLO ETRN EXPN HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"
        assert sorted(one._smtp_methods) == verbs.split()
        assert not one._auth_methods  # they are ours
        assert not one._handle_hooks


def test_every_verb_is_ours_except_the_work_under_starttls() -> None:
    for name in dir(SMTP):
        if name.startswith("smtp_"):
            ours = getattr(server.Server, name) is not getattr(SMTP, name)
            assert ours, f"{name} would speak without enhanced codes"


def test_a_connection_makes_session_envelope_timer_writer_and_task(bare: SMTP) -> None:
    assert isinstance(bare.session, Session)
    assert bare.session.peer is None and bare.session.extended_smtp is False
    assert not bare.session.authenticated and bare.session.auth_data is None
    assert bare.session.host_name is None
    assert bare._timeout_handle is not None
    assert isinstance(bare._writer, asyncio.StreamWriter)
    assert isinstance(bare._handler_coroutine, asyncio.Task)
    assert bare._original_transport is None and bare._tls_protocol is None
    assert bare.envelope is not None


def test_the_hooks_that_the_engine_overrides_are_called(bare: SMTP) -> None:
    called = inspect.getsource(SMTP.connection_made)
    for name in ("_create_session()", "_reset_timeout()", "_handle_client()", "_set_rset_state()"):
        assert f"self.{name}" in called
    assert "self._timeout_cb" in inspect.getsource(SMTP._reset_timeout)
    assert "_handler_coroutine.cancel()" in inspect.getsource(SMTP.connection_lost)
    assert "_timeout_handle.cancel()" in inspect.getsource(SMTP.connection_lost)


def test_reset_makes_a_new_envelope(bare: SMTP) -> None:
    before = bare.envelope
    bare._set_rset_state()
    assert bare.envelope is not before


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


def test_asyncio_keeps_the_reason_of_the_end_in_closed(bare: SMTP) -> None:
    """The engine hands on no error, because this future logs what nobody fetches."""
    closed = vars(bare)["_closed"]
    assert isinstance(closed, asyncio.Future) and not closed.done()
    assert "self._closed.set_exception(exc)" in inspect.getsource(
        asyncio.StreamReaderProtocol.connection_lost
    )
