"""What a hostile client tries: each attack one test, and others are still served.

More of them stand with what they aim at: end-of-data tricks in `test_content_refused.py`, password
guessing and plaintext behind STARTTLS in `test_server.py`.
"""

import os
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from smtplab import LocalProtocolError, Sandbox, Settings
from smtplab.transport import Stream
from tests.life_cycle import ALICE, BOB, MSA, MX
from tests.test_queue import calls_in
from tests.watch import wait_until

CONTENT = b"Subject: still served\r\n\r\n"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def raw(sandbox: Sandbox, octets: bytes, host: str = MX, port: int = 25) -> bytes:
    """Everything that the server says to these octets and a QUIT."""
    stream = sandbox.open(host, port, source=None, timeout=60)
    try:
        stream.write(octets + b"QUIT\r\n")
        said = b""
        while octets_read := stream.read(65536):
            said += octets_read
    finally:
        stream.close()
    return said


def codes(said: bytes) -> list[int]:
    """The reply codes, without the greeting's and QUIT's."""
    lines = [line for line in said.split(b"\r\n") if line[3:4] == b" "]
    assert lines[0][:3] == b"220" and lines[-1][:3] == b"221"
    return [int(line[:3]) for line in lines[1:-1]]


def others_are_served(sandbox: Sandbox) -> bool:
    """Whether a well-behaved client still delivers a mail object."""
    before = len(sandbox.inbox(BOB))
    with sandbox.connect(MX, 25, settings=Settings(timeout=60)) as client:
        client.ehlo()
        client.mail(ALICE)
        client.rcpt(BOB)
        client.data()
        assert client.content(CONTENT).code == 250
    return len(sandbox.inbox(BOB)) == before + 1


# Commands.


@pytest.mark.parametrize("trick", ["\r\n", "\n", "\r"], ids=repr)
def test_a_line_end_in_an_argument_never_reaches_the_wire(sandbox: Sandbox, trick: str) -> None:
    """A form field that is put into a command could add commands of its own."""
    evil = f"bob@example.net>{trick}RCPT TO:<carol@example.org"
    with sandbox.connect(MX, 25) as client:
        client.ehlo("a.example")
        client.mail(ALICE)
        for step in (client.rcpt, client.mail, client.ehlo, client.vrfy, client.noop):
            with pytest.raises(LocalProtocolError):
                step(evil)
        sent = sandbox.transcript.wire(client.connection, "server").octets("client")
    assert b"carol" not in sent


@pytest.mark.parametrize("trick", [b"\r", b"\n", b"\0", b"\r\r\n", b"\n\r"], ids=repr)
def test_a_line_that_ends_in_another_way_is_refused(sandbox: Sandbox, trick: bytes) -> None:
    """Two servers that see different line ends see different commands."""
    said = raw(sandbox, b"EHLO a.example\r\nMAIL FROM:<eve@example.org>" + trick + b"RSET\r\n")
    assert codes(said)[1] == 500
    said = raw(sandbox, b"EHLO a.example\r\nNOOP" + trick + b"NOOP\r\n")
    assert codes(said)[1] == 500


def test_nobody_signs_in_before_tls(sandbox: Sandbox) -> None:
    """A password that travels in the clear belongs to everybody on the way."""
    plain = b"AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGxvb2tpbmctZ2xhc3M=\r\n"  # it is the right one
    said = raw(sandbox, b"EHLO a.example\r\n" + plain + b"MAIL FROM:<a@example.org>\r\n", MSA, 587)
    assert codes(said) == [250, 530, 530] and b"AUTH" not in said


# Names.

PATHS = (
    b"../../../etc/passwd@example.net",
    b'"../bob"@example.net',
    b'"/etc/passwd"@example.net',
    b"bob/../carol@example.net",
    b'"bob\\/"@example.net',
    b'"..\\\\bob"@example.net',
    b'"C:bob"@example.net',
    b"CON@example.net",
    b".bob@example.net",
    b"bob.@example.net",
    b"bob%00@example.net",
    b"bob%example.org@example.net",
    b"bob!carol@example.net",
    b"@example.net:bob@../example.org",
    b"bob@example.net/../example.org",
    b"~bob@example.net",
    b"|cat@example.net",
    b'"|cat"@example.net',
    b'"bob\n"@example.net',
    b":include:/etc/passwd@example.net",
)


@pytest.mark.parametrize("path", PATHS, ids=repr)
def test_a_path_in_a_mailbox_name_is_nobodys_mailbox(sandbox: Sandbox, path: bytes) -> None:
    """A store on disk would read or write outside of its folder; an alias could run a program."""
    said = raw(sandbox, b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<" + path + b">\r\n")
    assert all(code >= 500 for code in codes(said)[2:]) and codes(said)[2:]


# Too much of something.


def deliver(sandbox: Sandbox, content: bytes, *forward_paths: str) -> int:
    with sandbox.connect(MX, 25, settings=Settings(timeout=60)) as client:
        client.ehlo()
        client.mail(ALICE)
        for forward_path in forward_paths or (BOB,):
            client.rcpt(forward_path)
        client.data()
        return client.content(content).code


BOMBS = {
    "many fields": b"X: y\r\n" * 100_000,
    "many Received": b"Received: from a\r\n" * 100_000,
    "one field of nine megabytes": b"X:" + b" y\r\n" * 2_400_000,
    "many Subjects": b"Subject: a\r\n b\r\n" * 60_000,
    "no colon": b"x" * 900 + b"\r\n" + b" y\r\n" * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_header_bomb_harms_nobody(sandbox: Sandbox, bomb: str) -> None:
    """A parser that needs the square of the number of fields would stand still for hours."""
    octets = BOMBS[bomb] + b"\r\nbody\r\n"
    assert deliver(sandbox, octets, BOB, "tea-club@example.net") in (250, 552, 554)
    assert others_are_served(sandbox)
    assert all(str(journey) for journey in sandbox.journeys)


def test_a_header_section_of_ten_megabytes_is_over_the_limit(sandbox: Sandbox) -> None:
    """SIZE bounds what a content may hold, whatever part of it is large (RFC 1870, 6.1)."""
    assert deliver(sandbox, b"X: " + b"y" * 900 + b"\r\n" + b" y\r\n" * 2_800_000) == 552
    assert others_are_served(sandbox)


def test_ten_thousand_recipients_are_a_hundred(sandbox: Sandbox) -> None:
    """One transaction with all mailboxes of a provider would cost the server a copy for each."""
    many = b"RCPT TO:<bob@example.net>\r\n" * 10_000
    said = codes(raw(sandbox, b"EHLO a.example\r\nMAIL FROM:<>\r\n" + many))
    assert said.count(250) == 102 and said.count(452) == 9_900
    assert others_are_served(sandbox)


def test_a_command_line_without_end_is_not_kept(sandbox: Sandbox) -> None:
    """A server that waits for the line end keeps all of it in memory."""
    stream = sandbox.open(MX, 25, source=None, timeout=60)
    tracemalloc.start()
    try:
        for _ in range(64 * 2**20 // 65536):
            stream.write(b"x" * 65536)
        stream.write(b"\r\nQUIT\r\n")
        said = stream.read(65536)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    while octets := stream.read(65536):
        said += octets
    stream.close()
    assert peak < 16 * 2**20, "the ring of what passed on the wire holds 8 MiB"
    assert codes(said) == [500] and others_are_served(sandbox)
    assert not any(event.length > 65536 for event in sandbox.transcript.events)


def test_mail_that_nobody_could_read_can_be_listed() -> None:
    """What a list of mail shows is a Subject; the whole content must not be taken apart for it."""
    nested = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    with Sandbox("memory") as sandbox:
        deliver(sandbox, b"Subject: deep\r\n" + nested * 5000)
        deliver(sandbox, b"X: y\r\nSubject:" + b" a" * 400 + b"\r\n a" * 100_000 + b"\r\n")
        deep, long = sandbox.inbox(BOB)
        assert repr(deep).endswith(": deep>")
        assert calls_in(lambda: repr(long)) < 1_000_000


# Many at once.


def half_sent(sandbox: Sandbox, octets: bytes, many: int) -> list[Stream]:
    streams = [sandbox.open(MX, 25, source=None, timeout=60) for _ in range(many)]
    for stream in streams:
        stream.write(octets)
    return streams


@pytest.mark.parametrize(
    "octets",
    [b"", b"EH", b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nx\r\n."],
    ids=["nothing", "half a line", "half a content"],
)
def test_clients_that_never_finish_keep_nobody_out(sandbox: Sandbox, octets: bytes) -> None:
    """Slow-loris: whoever is served one after the other waits for the slowest for ever."""
    with ExitStack() as cleanup:
        for stream in half_sent(sandbox, octets, 200):
            cleanup.callback(stream.close)
        assert others_are_served(sandbox)
    assert len(sandbox.inbox(BOB)) == 1, "half a content is no content"


@pytest.mark.parametrize(
    ("host", "port", "ask"),
    [(MX, 25, b"EHLO a.example\r\n"), ("imap.example.net", 143, b"a1 CAPABILITY\r\n")],
    ids=["smtp", "imap"],
)
def test_a_client_that_asks_and_reads_nothing_is_cut_off(host: str, port: int, ask: bytes) -> None:
    """The server's last words would wait for it for ever, and the connection with them."""
    with Sandbox("tcp") as sandbox, socket.socket() as client:
        ports = {listener.key: bound for listener, bound in sandbox.bound_ports.items()}
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", ports[host, port]))
        client.setblocking(False)

        def is_stuffed() -> bool:
            with suppress(BlockingIOError):
                client.send(ask * 1000)
            waits = ("_writing_paused", "_paused")
            return any(getattr(s, w, False) for s in sandbox._world.live.values() for w in waits)

        wait_until(is_stuffed)
        (server,) = sandbox._world.live.values()

        def much_later() -> None:
            server._active_at -= 3600
            (getattr(server, "_time_is_up", None) or server._timeout_cb)()  # type: ignore[union-attr]

        sandbox._carrier.call(much_later)
        wait_until(lambda: not sandbox._world.live)
        assert not sandbox._world.live
        last = sandbox.transcript.events[-1]
        assert last.detail == {"why": "by the server: idle too long"}, "nothing is said after it"


def test_five_hundred_connections_at_once_are_all_greeted() -> None:
    """A server with a thread or a small backlog for each would turn the next ones away."""
    with Sandbox("tcp") as sandbox, ExitStack() as cleanup:
        streams = half_sent(sandbox, b"", 500)
        for stream in streams:
            cleanup.callback(stream.close)
        assert others_are_served(sandbox)
        assert all(stream.read(4) == b"220 " for stream in streams)


FIFTY_MEGABYTES = """
from pathlib import Path
from smtplab import Sandbox

def peak():
    # Not getrusage: there a program begins with the peak of the one that started it.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024  # octets

with Sandbox("tcp") as sandbox:
    stream = sandbox.open("mx.example.net", 25, source=None, timeout=60)
    stream.write(b"EHLO a.example\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<bob@example.net>\\r\\nDATA\\r\\n")
    piece = b"x\\r\\n" * 20_000
    before = peak()
    for _ in range(50 * 2**20 // len(piece)):
        stream.write(piece)
    stream.write(b".\\r\\nQUIT\\r\\n")
    said = b""
    while octets := stream.read(65536):
        said += octets
    stream.close()
    assert b"\\r\\n552 5.3.4 " in said, said
    assert not sandbox.inbox("bob@example.net")
    print(peak() - before)
"""


def test_fifty_megabytes_of_lines_of_one_octet_cost_no_more_than_the_limit_allows() -> None:
    """An object for each line would make 16 million of them, some gigabytes."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a program's memory is read from Linux' /proc")
    done = subprocess.run(
        [sys.executable, "-c", FIFTY_MEGABYTES], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) < 4 * 10 * 2**20  # the limit of a content is 10 MiB


NO_DESCRIPTOR_LEFT = """
import os, resource, socket
from smtplab import Sandbox

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with Sandbox("tcp") as sandbox:
    ports = {listener.key: port for listener, port in sandbox._carrier.bound_ports.items()}
    client, held = socket.socket(), []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    client.settimeout(60)
    client.connect(("127.0.0.1", ports["mx.example.net", 25]))
    for _ in range(100):
        sandbox._carrier.call(lambda: None)  # each is a turn of the loop, which sees the client
    for one in held:
        os.close(one)
    assert client.recv(4) == b"220 "
    client.close()
"""


def test_a_sandbox_without_descriptors_lets_clients_wait_and_does_not_spin() -> None:
    """macOS gives a program 256; a loop that fails to accept prints an error a thousand times a
    second into the notebook until somebody leaves."""
    pytest.importorskip("resource", reason="Windows has no such limit")
    done = subprocess.run(
        [sys.executable, "-c", NO_DESCRIPTOR_LEFT], capture_output=True, timeout=180, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")


FORKED = """
import os, sys
from pathlib import Path
from smtplab import Sandbox

for transport in ("memory", "tcp"):
    store = Path(sys.argv[1], transport)
    with Sandbox(transport, store=store) as sandbox:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.read(reading, 1)
            sys.exit(0)
        for _ in range(150):
            sandbox._world.queue.next_id("mx.example.net")
        before = (store / "smtplab-store.json").read_bytes()
        os.write(writing, b"!")
        assert os.waitpid(child, 0)[1] == 0
        assert (store / "smtplab-store.json").read_bytes() == before
        with sandbox.connect("mx.example.net", 25) as client:
            assert client.ehlo().code == 250
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_a_fork_of_the_program_leaves_servers_and_store_to_the_first(tmp_path: Path) -> None:
    """Its end would put the store's numbers back, and wait for threads that it does not have."""
    command = [sys.executable, "-W", "ignore", "-c", FORKED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
