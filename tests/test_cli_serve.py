"""`smtplab serve` as a process of its own: what it prints, who can use it, and how it ends."""

import json
import os
import queue
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtplab import Sandbox, cli
from smtplab.cli import foreground
from smtplab.cli.foreground import Lines, ReaderGone, StopRequest
from smtplab.cli.moving_clock import MovingClock
from tests.free_ports import free_port
from tests.mta_world import put
from tests.watch import wait_until

ROOT = Path(__file__).parents[1]
WITHIN = 120.0  # seconds that any one wait may take

PASSWORD = "looking-glass"
CONTENT = b"Subject: Dots\r\n\r\n.\r\n..two\r\nna\xc3\xafve\r\nthe end\r\n"

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without asking")


class Serving:
    """A running `smtplab serve`, its lines read as they come."""

    def __init__(self, *options: str, before: tuple[str, ...] = ()) -> None:
        python = [sys.executable, "-W", "error::ResourceWarning", "-m", "smtplab", "serve"]
        paths = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        self.process = subprocess.Popen(
            [*before, *python, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> "Serving":
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(WITHIN)
        finally:
            self.process.kill()
        self._reader.join(WITHIN)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.decode())
        self._queue.put(None)

    def line(self) -> str | None:
        """The next line; None once there will be no more."""
        line = self._queue.get(timeout=WITHIN)
        if line is not None:
            self.lines.append(line)
        return line

    def until(self, words: str) -> str:
        """Read on to a line that holds these words."""
        while (line := self.line()) is not None:
            if words in line:
                return line
        pytest.fail(f"no line with {words!r}; there were {self.lines}")

    def rest(self) -> list[str]:
        """All lines to the end of the output."""
        while self.line() is not None:
            pass
        return self.lines

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit code, after all output was read and no word of complaint."""
        self.process.send_signal(number)
        self.rest()
        assert self.process.stderr is not None
        assert self.process.stderr.read() == b""
        return self.process.wait(WITHIN)


class JSONServing(Serving):
    """`smtplab serve --json`, its first line understood."""

    def __init__(self, *options: str) -> None:
        super().__init__("--json", *options)

    def __enter__(self) -> "JSONServing":
        super().__enter__()
        line = self.line()
        assert line is not None
        self.hello = json.loads(line)
        return self

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines[1:]]

    def bound(self, port: int) -> int:
        """The real port behind a port as the learner sees it."""
        ports = {one["port"]: one["bound_port"] for one in self.hello["listeners"]}
        return int(ports[port])

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.hello["ca_file"])


def submit(serving: JSONServing, times: int = 1) -> None:
    """Alice writes to Bob over one connection: STARTTLS, AUTH, a checked certificate."""
    with smtplib.SMTP(local_hostname="laptop.example.org", timeout=WITHIN) as client:
        client.connect("127.0.0.1", serving.bound(587))
        client._host = "smtp.example.org"  # type: ignore[attr-defined]  # what TLS checks
        client.starttls(context=serving.tls())
        client.user, client.password = "alice@example.org", PASSWORD  # smtplib prefers CRAM-MD5
        client.ehlo()
        client.auth("PLAIN", client.auth_plain)
        for _ in range(times):
            client.sendmail("alice@example.org", ["bob@example.net"], CONTENT)


@pytest.fixture(scope="module")
def used() -> Iterator[JSONServing]:
    """A run in which Alice wrote to Bob, and which was stopped."""
    with JSONServing() as serving:
        submit(serving)
        serving.until('"delivered"')
        assert serving.stop() == 0
        yield serving


# What programs read.


def test_the_first_json_line_names_ca_file_listeners_and_accounts(used: JSONServing) -> None:
    hello = used.hello
    assert set(hello) == {"schema", "ca_file", "listeners", "accounts"}
    assert hello["schema"] == 1
    keys = ("name", "host", "port", "address", "tls", "auth")
    listeners = [tuple(one[key] for key in keys) for one in hello["listeners"]]
    assert listeners[:4] == [
        ("smtp.example.org", "smtp.example.org", 587, "127.0.0.1", "starttls", True),
        ("smtp.example.org", "smtp.example.org", 465, "127.0.0.1", "implicit", True),
        ("mx.example.net", "mx.example.net", 25, "127.0.0.1", "starttls", False),
        ("smtp.example.org", "smtp.example.org", 25, "127.0.0.1", "starttls", False),
    ]
    to_read = {(one["service"], one["port"], one["tls"]) for one in hello["listeners"][4:]}
    assert to_read == {
        ("pop3", 110, "starttls"),
        ("pop3", 995, "implicit"),
        ("imap", 143, "starttls"),
        ("imap", 993, "implicit"),
    }
    assert len({one["bound_port"] for one in hello["listeners"]}) == len(listeners) == 12
    alice = {"mailbox": "alice@example.org", "username": "alice@example.org", "password": PASSWORD}
    assert alice in hello["accounts"]


def test_delivered_holds_exactly_the_octets_that_were_sent(used: JSONServing) -> None:
    (delivered,) = [event for event in used.events if event["event"] == "delivered"]
    assert delivered["mailbox"] == "bob@example.net"
    assert delivered["folder"] == "Inbox"
    assert delivered["reverse_path"] == "alice@example.org"
    assert delivered["forward_paths"] == ["bob@example.net"]
    trace, found, sent = b64decode(str(delivered["content_base64"])).partition(b"Subject:")
    assert found + sent == CONTENT
    assert trace.startswith(b"Return-Path: <alice@example.org>\r\nAuthentication-Results: mx.")
    assert str(delivered["verdict"]).startswith("Taken by mx.example.net into Inbox\n")


def test_json_has_the_outside_conversation_and_both_ends_of_the_relay_session(
    used: JSONServing,
) -> None:
    ends = {(event["connection"], event["end"]) for event in used.events}
    assert ends == {("x1", "server"), ("r1", "server"), ("r1", "client"), ("", "server")}
    kinds = [event["event"] for event in used.events if event["connection"] == "x1"]
    assert kinds[0] == "connect" and kinds[-1] == "close"
    assert {"greeting", "command", "reply", "tls", "mail-data"} <= set(kinds)


def plain_octets(serving: JSONServing) -> bytes:
    return b"".join(b64decode(str(event["octets_base64"])) for event in serving.events)


PLAIN = b64encode(b"\0alice@example.org\0" + PASSWORD.encode())


def test_secrets_are_hidden_in_json(used: JSONServing) -> None:
    assert b"AUTH" in plain_octets(used)
    assert PLAIN not in plain_octets(used)


def test_secrets_are_shown_on_request() -> None:
    with JSONServing("--secrets") as serving:
        submit(serving)
        serving.stop()
        assert PLAIN in plain_octets(serving)


def test_implicit_tls_is_served_on_465() -> None:
    with JSONServing() as serving:
        raw = socket.create_connection(("127.0.0.1", serving.bound(465)), WITHIN)
        with serving.tls().wrap_socket(raw, server_hostname="smtp.example.org") as stream:
            assert stream.recv(4) == b"220 "


def test_a_host_of_the_sandbox_can_be_put_on_as_the_source() -> None:
    with JSONServing("--as", "MX.example.net") as serving:
        with socket.create_connection(("127.0.0.1", serving.bound(25)), WITHIN) as stream:
            stream.recv(4)
        assert json.loads(serving.until('"connect"'))["source"] == "mx.example.net"


# What a person reads.


def test_each_listener_names_the_verb_that_begins_tls() -> None:
    with Serving() as serving:
        serving.until("Listener")
        assert "after STARTTLS" in serving.until("smtp.example.org : 587")
        assert "at once" in serving.until("smtp.example.org : 465")
        assert "after STLS" in serving.until("pop.example.net : 110")
        assert "after STARTTLS" in serving.until("imap.example.net : 143")
        assert serving.stop() == 0


def test_the_human_form_shows_doors_keys_and_each_line_of_each_session_once() -> None:
    with Serving() as serving:
        host, bound = serving.until("smtp.example.org : 587").split("127.0.0.1:")
        assert bound.split() == [bound.split()[0], "after", "STARTTLS", "yes"]
        serving.until("alice@example.org        looking-glass")
        assert Path(serving.until("CA file: ").split(": ")[1].strip()).is_file()
        with smtplib.SMTP("127.0.0.1", int(bound.split()[0]), "laptop.example.org", WITHIN) as one:
            one.docmd("EHLO laptop.example.org")
        serving.until("connection closed")
        assert serving.stop() == 0
    said = "".join(serving.lines)
    assert "x1  -- laptop.example.org connects to smtp.example.org : 587\n" in said
    assert said.count("x1  C: EHLO laptop.example.org\n") == 1
    assert "x1  S: 250-smtp.example.org greets laptop.example.org\n" in said


@posix_only
@pytest.mark.parametrize("program", ["swaks", "curl"])
def test_the_line_to_try_works_as_it_is_printed(program: str, tool: Callable[[str], str]) -> None:
    tool(program)
    with Serving() as serving:
        line = serving.until(f"{program} -")
        done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=WITHIN)
        assert done.returncode == 0, done.stdout + done.stderr
        serving.until("delivered to bob@example.net, folder Inbox")
        assert serving.stop() == 0
        said = "".join(serving.lines).split("server to server.")[1]
        assert "x1  -- TLS begins: " in said
        assert PASSWORD not in said and PLAIN.decode() not in said and "********" in said
        relayed = [one for one in serving.lines if one.startswith("r1  C: MAIL FROM")]
        assert len(relayed) == 1


# How it ends.


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_it_with_exit_code_0_and_cleans_up(number: signal.Signals) -> None:
    with JSONServing() as serving:
        ca_file = Path(serving.hello["ca_file"])
        assert ca_file.is_file()
        with socket.create_connection(("127.0.0.1", serving.bound(587)), WITHIN) as stream:
            stream.recv(4)
            assert serving.stop(number) == 0
        assert serving.events[-1]["event"] == "close"  # told to the client that was still there
        assert not ca_file.parent.exists()


@posix_only
def test_sigint_ends_it_also_where_a_shell_ignores_it_for_background_jobs() -> None:
    with Serving(before=("sh", "-c", "trap '' INT; exec \"$@\"", "sh")) as serving:
        serving.until("C is the SMTP client")
        assert serving.stop(signal.SIGINT) == 0


@posix_only
def test_what_was_accepted_before_the_signal_is_delivered_and_printed() -> None:
    """A 250 is a promise; a stop that forgot the queue would break it."""
    with JSONServing() as serving:
        submit(serving, times=40)
        assert serving.stop() == 0
        names = [event["event"] for event in serving.events]
        assert names.count("delivered") == 40


@posix_only
def test_a_reader_who_goes_away_ends_it_without_a_traceback() -> None:
    serving = Serving()
    process = serving.process
    assert process.stdout is not None and process.stderr is not None
    with process.stdout, process.stderr:
        for line in process.stdout:
            if b"server to server" in line:  # the last one until somebody connects
                break
        process.stdout.close()
        try:
            assert process.wait(WITHIN) == 0
        finally:
            process.kill()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a full disk to try")
def test_output_that_cannot_be_stored_is_one_clear_line() -> None:
    command = [sys.executable, "-m", "smtplab", "serve"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=WITHIN, cwd=ROOT
        )
    assert done.returncode == 2
    assert done.stderr == (
        "smtplab serve: standard output takes nothing more: No space left on device\n"
    )


# What the user can mend.


def test_a_port_that_is_taken_is_one_clear_line_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Serving("--listen", f"587={port}") as serving:
            assert serving.rest() == []
            assert serving.process.wait(WITHIN) == 2
            assert serving.process.stderr is not None
            (line,) = serving.process.stderr.read().decode().splitlines()
    assert line.startswith(f"smtplab serve: port {port} cannot be bound for smtp.example.org : 587")


@pytest.mark.parametrize("name", ["smtp.example.org:", "SMTP.example.org:", ""])
def test_a_listener_is_bound_to_the_port_of_choice(name: str) -> None:
    port = free_port()
    with JSONServing("--listen", f"{name}587={port}") as serving:
        assert serving.bound(587) == port
        with socket.create_connection(("127.0.0.1", port), WITHIN) as stream:
            assert stream.recv(4) == b"220 "


LISTENERS = (
    "the listeners are smtp.example.org:587, smtp.example.org:465, mx.example.net:25, "
    "smtp.example.org:25, "
    "pop.example.net:995, pop.example.net:110, imap.example.net:993, imap.example.net:143, "
    "pop.example.org:995, pop.example.org:110, imap.example.org:993, imap.example.org:143"
)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--listen", "587"], f"is not NAME:PORT=BOUND with numbers as ports; {LISTENERS}"),
        (["--listen", "587=five"], f"is not NAME:PORT=BOUND with numbers as ports; {LISTENERS}"),
        (["--listen", "587=-1"], f"is not NAME:PORT=BOUND with numbers as ports; {LISTENERS}"),
        (["--listen", "587=\u0665"], f"is not NAME:PORT=BOUND with numbers as ports; {LISTENERS}"),
        (["--listen", "mx.example.net:587=0"], f"fits no listener; {LISTENERS}"),
        (["--listen", "26=0"], f"fits no listener; {LISTENERS}"),
        (["--listen", "995=0"], f"fits more than one listener; {LISTENERS}"),
        (["--listen", "465=65536"], "the port to bind is a number from 0 to 65535"),
        (["--listen", "465=0", "--listen", "465=0"],
         "names smtp.example.org:465 twice; once is enough"),
        (["--listen", "465=9", "--listen", "587=9"],
         "gives port 9 to two listeners; each needs its own"),
        (["--as", "nobody.example"],
         "the hosts are laptop.example.org, smtp.example.org, mx.example.net, pop.example.org, "
         "imap.example.org, pop.example.net, imap.example.net, www.example.org, shop.example, "
         "codes.example, bank.example, club.co.example, spam.example"),
    ],
)  # fmt: skip
def test_an_option_that_fits_nothing_is_one_clear_line_and_exit_code_2(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", *options]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"smtplab serve: {options[0]} ")
    assert said.err.endswith(f"{problem}\n") and said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--fault", "RCPT#x=451"],
         "fault rule 'RCPT#x=451': 'x' at character 6 fits nothing here; which time is #2, #2+, "
         "#/2"),
        (["--fault", "EHLO=drop", "--fault", "EHLO=drop"], "the rule EHLO=drop is set already"),
        (["--faults", "no-such-file"], "--faults 'no-such-file' cannot be read as a text file"),
    ],
)  # fmt: skip
def test_a_fault_rule_that_cannot_be_is_one_clear_line_and_exit_code_2(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", *options]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err == f"smtplab serve: {problem}\n"


def test_a_fault_rule_in_a_file_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("# lesson 7\n\nEHLO=split:1\nRCTP=drop\n", encoding="utf-8")
    assert cli.main(["serve", "--faults", str(rules)]) == 2
    assert "rules.txt', line 4: fault rule 'RCTP=drop': 'RCTP'" in capsys.readouterr().err


def test_fault_rules_of_the_command_line_and_of_a_file_strike(tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("NOOP#2=451 4.3.0 From the file\n", encoding="utf-8")
    with JSONServing("--fault", "NOOP#1=450 4.0.0 Struck", "--faults", str(rules)) as serving:
        port = serving.bound(25)
        with smtplib.SMTP("127.0.0.1", port, "laptop.example.org", WITHIN) as one:
            assert one.noop() == (450, b"4.0.0 Struck")
            assert one.noop() == (451, b"4.3.0 From the file")
        fault = json.loads(serving.until('"fault": "NOOP#1'))
        assert fault["event"] == "fault"


def test_fault_help_prints_the_forms_and_the_magic_addresses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["serve", "--fault-help"]) == 0
    said = capsys.readouterr().out
    assert "PHASE[@MATCH][#NTH]=ACTION" in said and "fault.example.net" in said


def test_special_hosts_are_added_by_name_and_listed_with_the_others() -> None:
    port = free_port()
    with JSONServing(
        "--with", "old-server", "--with", "gmail", "--with", "gmail", "--as", "mail.old.example",
        "--listen", f"mail.old.example:25={port}",
    ) as serving:  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), WITHIN) as stream:
            assert stream.recv(999).startswith(b"220 mail.old.example Simple Mail")
        hosts = [one["host"] for one in serving.hello["listeners"]]
        assert hosts.count("gmail.profile.example") == 2 and hosts[0] == "smtp.example.org"
        assert "learner@gmail.profile.example" in [
            one["mailbox"] for one in serving.hello["accounts"]
        ]


def test_a_special_host_that_there_is_not_is_one_clear_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["serve", "--with", "hotmail"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("smtplab serve: --with: no special host 'hotmail'; there are open-relay")
    assert said.count("\n") == 1


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", "--help"])
    assert ended.value.code == 0
    assert "smtplab serve --listen 587=5587" in capsys.readouterr().out


# A reader who is slow, and one who asks twice.


@posix_only
def test_a_slow_reader_gets_every_octet_of_a_line_longer_than_the_pipe() -> None:
    reading, writing = os.pipe()
    got: list[bytes] = []
    with open(reading, "rb") as source, open(writing, "w") as target:
        reader = threading.Thread(target=lambda: got.append(source.readline()))
        reader.start()
        Lines(target, StopRequest()).write("x" * 300_000)
        reader.join(WITHIN)
    assert got == [b"x" * 300_000 + b"\n"]


@posix_only
def test_a_reader_who_stands_still_cannot_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor may wait for the end without reading; without a bound both wait for ever."""
    monkeypatch.setattr(foreground, "PATIENCE", 0.2)
    reading, writing = os.pipe()
    with open(reading, "rb"), open(writing, "w") as target, StopRequest() as stop:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(ReaderGone):
            Lines(target, stop).write("x" * 3_000_000)


def test_a_second_request_means_now_unless_it_is_an_echo_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StopRequest() as stop:
        assert not stop.is_made
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_made
        monkeypatch.setattr(foreground, "SAME_REQUEST", -1.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_character_that_the_terminal_lacks_is_written_as_an_escape(tmp_path: Path) -> None:
    with open(tmp_path / "out", "w", encoding="ascii") as target:
        Lines(target, StopRequest()).write("na\u00efve")
    assert (tmp_path / "out").read_bytes() == b"na\\xefve\n"


def test_without_standard_output_it_runs_all_the_same() -> None:
    Lines(None, StopRequest()).write("nothing to write to")


@pytest.mark.parametrize("speed", ["-1", "fast", "1e3", "86401", "", "nan"])
def test_a_clock_that_cannot_be_is_one_clear_line_and_exit_code_2(
    speed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", f"--clock={speed}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"smtplab serve: --clock {speed!r} is no number of seconds from 0 to ")
    assert said.count("\n") == 1


def test_the_worlds_clock_moves_as_fast_as_is_asked_for() -> None:
    """On a clock that stands still, mail that was put off would wait for ever."""
    with JSONServing("--clock", "86400") as serving:
        deadline = time.monotonic() + WITHIN
        day = "2026-03-02"
        while day == "2026-03-02" and time.monotonic() < deadline:
            submit(serving)
            day = json.loads(serving.until('"event": "delivered"'))["world_time"][:10]
        assert day > "2026-03-02"
        assert serving.stop() == 0


def test_put_off_mail_is_tried_while_the_clock_moves_and_not_while_it_stands() -> None:
    complaints: list[str] = []
    with Sandbox("tcp") as sandbox:
        sandbox.zones.fail("example.net")
        put(sandbox)
        sandbox.zones.mend("example.net")
        with MovingClock(sandbox.clock, 0, complaints.append):
            assert len(sandbox.queue) == 1
        with MovingClock(sandbox.clock, 7200, complaints.append):
            wait_until(lambda: len(sandbox.mailbox("bob@example.net").folder()) == 1)
        assert not sandbox.queue and not complaints
