"""A probe: what it finds on each port, what it advises, and that it sends nothing."""

import json
import re
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from smtplab import LocalProtocolError, Sandbox, cli, probe
from smtplab.cli.doors import Way
from smtplab.cli.probe import wanted_doors
from smtplab.client import Settings
from smtplab.errors import ConnectionLost
from smtplab.extensions import Extensions
from smtplab.probing import PortReport, ProbeReport, probe_port
from smtplab.probing.advice import advice_for
from smtplab.probing.rounds import Door
from smtplab.replies import Reply
from tests.listening import ListeningPeer
from tests.peers import HOST, ImpatientAfter, Peer, authority, server_context, with_certificate

MSA, MX = "smtp.example.org", "mx.example.net"
GREETING, OK, BYE = b"220 x\r\n", b"250 ok\r\n", b"221 bye\r\n"
NO = b"502 no\r\n"
STARTTLS = b"250-x\r\n250 STARTTLS\r\n"
QUICK = Settings(timeout=1.0)


@pytest.fixture(params=["memory", "tcp"], scope="module")
def sandbox(request: pytest.FixtureRequest):
    with Sandbox(request.param) as running:
        yield running


def test_the_sandbox_has_nothing_to_mend(sandbox: Sandbox) -> None:
    ports = [
        *probe(MSA, ports=(465, 587), network=sandbox),
        *probe(MX, ports=(25,), network=sandbox),
    ]
    report = ProbeReport(ports)
    assert [port.outcome for port in report] == ["open"] * 3
    assert report.is_well and not report.advice
    assert all(port.tls and port.tls.verified for port in report)
    assert report[2].relay is not None and report[2].relay.code == 550
    assert report[1].before_tls is not None and "AUTH" not in report[1].before_tls
    assert report[1].after_tls is not None and "AUTH" in report[1].after_tls
    assert report[0].versions["TLS 1.3"] and not report[0].versions["TLS 1.1"]


def test_a_probe_delivers_nothing(sandbox: Sandbox) -> None:
    """Whoever looks at a server must not send mail by it."""
    before = len(sandbox.transcript)
    probe(MX, ports=(25,), network=sandbox)
    events, _ = sandbox.transcript.events_since(before)
    said = [event.octets for event in events if event.kind == "command"]
    assert said and not [line for line in said if line.startswith((b"DATA", b"BDAT", b"AUTH"))]
    assert not [event for event in events if event.kind == "delivered"]


def test_a_port_without_a_server_is_told_from_one_that_is_silent(sandbox: Sandbox) -> None:
    (report,) = probe(MSA, ports=(2525,), network=sandbox)
    assert report.outcome == "refused"
    with Peer(b"") as peer:
        (silent,) = probe(HOST, ports=(587,), network=peer, settings=QUICK)
    assert (silent.outcome, silent.greeting) == ("open", None)
    assert "sent no reply to greeting" in silent.problem


class Firewall:
    """A network that drops everything on some ports."""

    def __init__(self, inner: Sandbox, *ports: int) -> None:
        self.inner, self.ports = inner, ports

    def open(self, host: str, port: int, *, source: str | None, timeout: float):
        if port in self.ports:
            try:
                raise TimeoutError
            except TimeoutError:
                raise ConnectionLost(f"{host} port {port} did not take the connection") from None
        return self.inner.open(host, port, source=source, timeout=timeout)


def test_a_network_without_smtp_is_named_before_the_host_is_blamed(sandbox: Sandbox) -> None:
    """On Binder every port times out, whatever server one asks."""
    report = probe(MSA, network=Firewall(sandbox, 25, 465, 587))
    assert not report.is_reachable
    assert "this network lets no SMTP out, as Binder and many clouds do" in repr(report)


def test_a_blocked_port_25_says_nothing_about_the_server(sandbox: Sandbox) -> None:
    report = probe(MSA, network=Firewall(sandbox, 25))
    assert [port.outcome for port in report] == ["silent", "open", "open"]
    (advice,) = report.advice
    assert "Many networks block port 25 on the way out" in advice.text
    assert report.is_well


def test_a_real_host_wants_consent() -> None:
    with pytest.raises(LocalProtocolError, match="real=True"):
        probe("mail.lan")


class Doors:
    """A network on which each connection meets the next of some scripted peers."""

    def __init__(self, *peers: Peer) -> None:
        self._peers = iter(peers)

    def open(self, host: str, port: int, *, source: str | None, timeout: float):
        peer = next(self._peers, None)
        if peer is None:
            raise ConnectionLost("no more doors")
        return peer.open(host, port, source=source, timeout=timeout)


def test_a_wrong_certificate_is_named_and_the_rest_is_seen_all_the_same() -> None:
    wrong = server_context("mx.example.com")
    first = Peer(GREETING, STARTTLS, b"220 go\r\n", wrong)
    after = (b"", STARTTLS, NO, NO, OK, OK, OK, BYE)  # an empty send: EHLO comes first
    second = Peer(GREETING, STARTTLS, b"220 go\r\n", wrong, *after)
    with first, second:
        report = probe_port(Door(HOST, 587, False), network=Doors(first, second))
    assert "names another host" in report.tls_problem
    assert report.tls is not None and report.tls.chain[0].names == ("mx.example.com",)
    assert report.relays and "not checked" not in report.tls_problem
    told = [str(one) for one in advice_for([report]) if one.urgent]
    assert len(told) == 3 and "names another host" in told[0]  # no AUTH, and a relay
    assert set(report.versions.values()) == {None}  # there was no further connection


def test_an_expired_certificate_is_named() -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    leaf = authority().issue_cert(HOST, not_before=long_ago, not_after=long_ago + timedelta(days=1))
    script = (GREETING, STARTTLS, b"220 go\r\n", with_certificate(leaf))
    after = (b"", OK, OK, OK, OK, b"550 no\r\n", OK, BYE)  # an empty send: EHLO comes first
    with Peer(*script) as first, Peer(*script, *after) as second:
        report = probe_port(Door(HOST, 587, False), network=Doors(first, second))
    assert "has expired" in report.tls_problem
    assert "has expired" in repr(ProbeReport([report]))


def test_a_plaintext_server_on_a_tls_port_is_named() -> None:
    with Peer(GREETING) as first, Peer(GREETING) as second:
        report = probe_port(Door(HOST, 465, True), network=Doors(first, second), settings=QUICK)
    assert report.outcome == "open"
    assert "did not speak TLS on this port" in report.tls_problem


HOSTILE = {
    "cut": (GREETING, b"250-x\r\n"),
    "no SMTP": (b"HTTP/1.1 400 no\r\n",),
    "octets before TLS": (GREETING, STARTTLS, b"220 go\r\n250 injected\r\n"),
    "refuses all": (b"554 5.7.1 no\r\n", BYE),
    "421": (GREETING, b"421 too busy\r\n"),
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_server_is_a_report_and_never_an_error(script: tuple[bytes, ...]) -> None:
    with Peer(*script) as first, Peer(*script) as second:
        report = probe_port(Door(HOST, 587, False), network=Doors(first, second), settings=QUICK)
    assert report.outcome == "open"
    assert json.dumps(report.as_json()) and repr(ProbeReport([report]))


def test_what_a_server_says_is_escaped_on_a_page_and_in_a_terminal() -> None:
    said = "220 <script>\u202e\r\n".encode()
    patient = Settings(timeout=ImpatientAfter(replies=3, seconds=1.0))
    with Peer(said, b"502 no\r\n", BYE) as peer:
        report = ProbeReport([probe_port(Door(HOST, 587, False), network=peer, settings=patient)])
    assert "<script>" not in report._repr_html_() and "&lt;script&gt;" in report._repr_html_()
    assert "\\u202e" in repr(report) and "\u202e" not in repr(report) + report._repr_html_()


# Advice.

OPEN = PortReport(HOST, 587, outcome="open", greeting=Reply(220, (b"x",)), when=datetime.now(UTC))


def offering(*lines: str) -> Extensions:
    return Extensions.from_reply(Reply(250, (b"x", *(line.encode() for line in lines))))


ADVICE = {
    "no STARTTLS": (replace(OPEN, before_tls=offering("SIZE")), "no STARTTLS", "RFC 8314, 3.3"),
    "no EHLO": (OPEN, "must support EHLO", "RFC 5321, 2.2.1"),
    "AUTH before TLS": (
        replace(OPEN, before_tls=offering("STARTTLS", "AUTH PLAIN")), "before TLS", "RFC 4954, 4",
    ),
    "AUTH on port 25": (
        replace(OPEN, port=25, before_tls=offering("STARTTLS", "AUTH CRAM-MD5")),
        "587 or 465", "RFC 6409",
    ),
    "no AUTH": (
        replace(OPEN, before_tls=offering("STARTTLS"), after_tls=offering("SIZE")),
        "no AUTH inside TLS", "RFC 6409, 4.3",
    ),
    "an open relay": (
        replace(OPEN, before_tls=offering("STARTTLS"), relay=Reply(250, (b"ok",))),
        "open relay", "RFC 5321, 7.9",
    ),
    "VRFY": (
        replace(OPEN, before_tls=offering("STARTTLS"), vrfy=Reply(250, (b"<a@example.org>",))),
        "VRFY tells a stranger", "RFC 5321, 7.3",
    ),
    "old TLS": (
        replace(OPEN, before_tls=offering("STARTTLS"), versions={"TLS 1.0": True, "TLS 1.2": True}),
        "still takes TLS 1.0", "RFC 8996",
    ),
    "only old TLS": (
        replace(OPEN, before_tls=None, versions={"TLS 1.2": False, "TLS 1.3": False}),
        "neither TLS 1.2", "RFC 9325",
    ),
    "STARTTLS refused": (
        replace(OPEN, before_tls=offering("STARTTLS"), starttls=Reply(454, (b"no",))),
        "then refuses it with 454", "RFC 3207, 4",
    ),
    "no SMTP": (replace(OPEN, greeting=None, problem="HTTP"), "Another program", "RFC 5321, 3.1"),
    "no such name": (
        replace(OPEN, outcome="unreachable", problem="no address is known for mail.lan"),
        "No port took a connection: no address is known for mail.lan.", "",
    ),
    "no host": (replace(OPEN, outcome="refused"), "no SMTP server listens", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", ADVICE)
def test_each_fault_has_its_advice_and_the_section_that_says_so(case: str) -> None:
    port, words, source = ADVICE[case]
    found = [one for one in advice_for([port]) if words in str(one)]
    assert len(found) == 1 and source in found[0].source


def test_a_certificate_that_ends_soon_is_to_be_renewed() -> None:
    leaf = authority().issue_cert(HOST, not_after=datetime.now(UTC) + timedelta(days=3))
    script = (GREETING, STARTTLS, b"220 go\r\n", with_certificate(leaf))
    with Peer(*script, OK, NO, NO, OK, b"550 no\r\n", OK, BYE) as peer:
        report = probe_port(Door(HOST, 25, False), network=Doors(peer))
    assert not report.tls_problem
    (advice,) = advice_for([report])
    assert "renew it now" in advice.text and not advice.urgent


def a_port(number: int, **changes: object) -> PortReport:
    """What the rounds would tell of a port where nothing is wrong, and what is different."""
    offered = Extensions.from_reply(Reply(250, (b"x", b"STARTTLS")))
    inside = Extensions.from_reply(Reply(250, (b"x", b"AUTH PLAIN")))
    told: dict[str, object] = {"before_tls": offered, "after_tls": inside}
    port = PortReport(HOST, number, number == 465, "open")
    return replace(port, **{**told, **changes})  # type: ignore[arg-type]


def with_auth(*words: bytes) -> Extensions:
    return Extensions.from_reply(Reply(250, (b"x", *words)))


@pytest.mark.parametrize(("port", "urgent"), [(587, True), (25, False)])
def test_plaintext_is_urgent_where_people_sign_in(port: int, urgent: bool) -> None:
    (advice,) = [
        one for one in advice_for([a_port(port, before_tls=with_auth(), after_tls=None)])
        if "offers no STARTTLS" in one.text
    ]  # fmt: skip
    assert advice.urgent is urgent


def test_auth_at_the_beginning_is_no_fault_where_tls_comes_first() -> None:
    inside = with_auth(b"AUTH PLAIN")
    told = advice_for([a_port(465, before_tls=inside, after_tls=inside)])
    assert not [one for one in told if "before TLS" in one.text]
    told = advice_for([a_port(587, before_tls=with_auth(b"STARTTLS", b"AUTH PLAIN"))])
    assert [one.urgent for one in told if "before TLS" in one.text] == [True]


@pytest.mark.parametrize(("code", "tells"), [(250, True), (251, True), (252, False), (502, False)])
def test_vrfy_that_tells_of_mailboxes_is_named(code: int, tells: bool) -> None:
    told = advice_for([a_port(587, vrfy=Reply(code, (b"x",)))])
    assert bool([one for one in told if "VRFY tells a stranger" in one.text]) == tells


def test_the_urgent_comes_first() -> None:
    told = advice_for([a_port(587, vrfy=Reply(250, (b"x",)), relay=Reply(250, (b"x",)))])
    assert [one.urgent for one in told] == [True, False]


@pytest.mark.parametrize(("port", "hints"), [(25, True), (465, False)])
def test_a_silent_port_25_may_be_blocked_on_the_way(port: int, hints: bool) -> None:
    told = advice_for([a_port(587), PortReport(HOST, port, False, "silent")])
    assert bool([one for one in told if "block port 25" in one.text]) == hints


@pytest.mark.parametrize(("new", "urgent"), [((False, False), True), ((True, False), False)])
def test_a_server_is_too_old_only_where_it_takes_no_version_of_today(
    new: tuple[bool, bool], urgent: bool
) -> None:
    versions = dict(zip(("TLS 1.2", "TLS 1.3"), new, strict=True))
    told = advice_for([a_port(587, versions=versions)])
    assert bool([one for one in told if "clients of today cannot encrypt" in one.text]) == urgent


def test_tls_comes_first_on_465_unless_another_port_says_so() -> None:
    doors = wanted_doors("465,2525/tls,25", "localhost", Way(None, False))
    assert [(door.port, door.implicit_tls) for door in doors] == [
        (465, True), (2525, True), (25, False),
    ]  # fmt: skip


# The command.


def test_the_command_reports_each_port_and_ends_with_advice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    assert cli.main(["probe", "sandbox"]) == 0
    shown = capsys.readouterr().out
    doors = ("mx.example.net : 25", "smtp.example.org : 465", "smtp.example.org : 587")
    places = [shown.index(f"{door}, open") for door in doors]
    assert places == sorted(places)
    assert shown.endswith("Advice\n- Nothing to mend was found.\n")
    assert "smtplab sandbox, for practice only" in re.sub(r"\s+", " ", shown)


def test_the_output_is_the_same_in_each_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    shown = [cli.main(["probe", "sandbox"]) or capsys.readouterr().out for _ in range(2)]
    assert shown[0] == shown[1]


def test_json_has_an_object_a_port_and_the_report_last(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from smtplab.cli.probe import EPILOG

    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    assert cli.main(["probe", "--world", "mx.example.net", "--json"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in objects] == ["port", "report"]
    documented = set(re.findall(r"[a-z_0-9]+", EPILOG))
    assert {name for one in objects for name in one} <= documented
    assert objects[0]["relay"]["enhanced"] == "5.7.1"
    assert objects[1]["well"] is True


def test_a_server_on_this_machine_is_probed_on_the_ports_that_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Sandbox("tcp") as sandbox:
        bound = {one.port: port for one, port in sandbox.bound_ports.items()
                 if one.service == "smtp"}  # fmt: skip
        ports = f"{bound[587]},{bound[465]}/tls"
        assert cli.main(["probe", "127.0.0.1", "--ports", ports, "--ca", str(sandbox.ca_file)]) == 0
        assert capsys.readouterr().out.count("checked: name, dates and authority are right") == 2
        assert cli.main(["probe", "127.0.0.1", "--ports", ports]) == 1
        assert "authority that is not trusted here" in capsys.readouterr().out.replace("\n", " ")
    assert cli.main(["probe", "127.0.0.1", "--ports", ports]) == 3
    assert "no SMTP server listens on it" in capsys.readouterr().out


def test_a_port_behind_the_host_is_the_one_that_is_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Sandbox("tcp") as sandbox:
        port = {one.host: port for one, port in sandbox.bound_ports.items() if one.port == 25}[MX]
        assert cli.main(["probe", f"127.0.0.1:{port}", "--ca", str(sandbox.ca_file)]) == 0
    assert f"127.0.0.1 : {port}" in capsys.readouterr().out


def test_the_command_names_options_and_not_settings_of_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ListeningPeer(b"") as peer:
        assert cli.main(["probe", "127.0.0.1", "--ports", f"{peer.port}", "--timeout", "0.3"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert f"connect again with --ports {peer.port}/tls" in told and "Settings" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mail.lan"], "add --real"),
        (["mx.example.net"], "add --world"),
        (["localhost:25", "--ports", "587"], "write them in one"),
        (["localhost", "--ports", "25,x"], "'x' is not PORT or PORT/tls"),
        (["localhost", "--ports", "0"], "'0' is not PORT"),
        (["sandbox", "--ports", "25"], "wants a host"),
    ],
)
def test_what_the_user_can_mend_is_said(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and told in captured.err


def test_tls_versions_that_this_machine_cannot_try_are_not_called_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssl, "HAS_TLSv1", False)
    with Sandbox("memory") as sandbox:
        (report,) = probe(MX, ports=(25,), network=sandbox)
    assert report.versions["TLS 1.0"] is None
    assert "TLS 1.0 could not be tried" in repr(ProbeReport([report]))
