"""`smtplab doctor`: what it finds on this machine, on broken ones, and what it never says."""

import getpass
import json
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from smtplab import Sandbox, cli
from smtplab.cli import examinations as look
from smtplab.cli.doctor import as_json, as_text
from smtplab.cli.examinations import Finding, State


def test_on_a_machine_that_works_all_is_well_and_the_exit_code_says_so(capsys):
    assert cli.main(["doctor", "--json"]) == 0
    said = capsys.readouterr().out
    found = json.loads(said)
    assert found["schema"] == 1 and found["well"] is True
    states = {one["subject"]: one["state"] for one in found["findings"]}
    wanted = {"Python", "smtplab", "ipywidgets", "kernel", "widgets", "loopback", "proxy"}
    assert wanted <= set(states)
    assert "port 25" not in states, "nothing leaves this machine unasked"
    assert {states[name] for name in wanted - {"proxy"}} == {"well"}
    for secret in (str(Path.home()) + "/", sys.prefix, str(Path.cwd()), getpass.getuser() + "@"):
        assert secret not in said


def test_a_broken_part_is_named_at_the_end_with_its_advice(capsys, monkeypatch):
    broken = Finding("kernel", State.BROKEN, "does not start", "Start it by hand.")
    monkeypatch.setattr(look, "kernel_and_widgets", lambda: [broken])
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "Start it by hand." in said and said.endswith("Broken: kernel.\n")
    assert json.loads(as_json([broken]))["well"] is False
    assert as_text([Finding("a", State.NOTE, "b")]).endswith("The course will run here.")


@pytest.mark.parametrize(
    ("name", "wanted", "state"),
    [
        ("trustme", ">=1.0", State.WELL),
        ("trustme", ">=999", State.BROKEN),
        ("no-such-package-here", "", State.BROKEN),
    ],
)
def test_a_package_is_well_only_in_a_version_that_smtplab_wants(name, wanted, state):
    assert look._package(name, SpecifierSet(wanted)).state is state


def test_every_package_that_is_needed_is_looked_at():
    needed = {
        line.split(";")[0] for line in metadata.requires("smtplab") or [] if "extra" not in line
    }
    subjects = {one.subject for one in look.versions()}
    assert all(any(line.startswith(name) for name in subjects) for line in needed)


@pytest.mark.parametrize(
    ("environment", "state", "text"),
    [
        ({}, State.WELL, "none is set"),
        ({"HTTP_PROXY": "http://user:hunter2@proxy.example:3128"}, State.NOTE,
         "proxy.example:3128; this machine is not spared"),
        ({"https_proxy": "proxy.example", "NO_PROXY": "localhost, 127.0.0.1"}, State.WELL,
         "proxy.example:default port; this machine is spared"),
        ({"all_proxy": "socks5://proxy.example:1080", "no_proxy": "*"}, State.WELL,
         "proxy.example:1080; this machine is spared"),
        ({"HTTP_PROXY": "http://proxy.example:port"}, State.NOTE,
         "an address that cannot be read; this machine is not spared"),
    ],
    ids=["none", "with a password", "spared by name", "all spared", "unreadable"],
)  # fmt: skip
def test_a_proxy_is_told_without_its_password(environment, state, text):
    finding = look.proxy(environment)
    assert (finding.state, finding.text) == (state, text)


def test_port_25_is_open_where_a_server_greets_and_closed_where_none_listens():
    with Sandbox("tcp") as sandbox:
        bound = next(port for one, port in sandbox.bound_ports.items() if one.port == 25)
        assert look.egress("127.0.0.1", bound).text == "open: 127.0.0.1 greets with 220"
    assert look.egress("127.0.0.1", bound).state is State.WELL


def test_a_reserved_name_is_not_asked(capsys, monkeypatch):
    monkeypatch.setattr(look, "kernel_and_widgets", lambda: [])
    assert cli.main(["doctor", "--port-25", "mx.example.net"]) == 0
    assert "port 25" in (said := capsys.readouterr().out) and "not asked" in said


def test_loopback_that_cannot_be_had_is_a_note_with_the_way_around(monkeypatch):
    def refuse(self):
        raise PermissionError

    monkeypatch.setattr(Sandbox, "start", refuse)
    finding = look.loopback()
    assert finding.state is State.NOTE and "SMTPLAB_TRANSPORT=memory" in finding.advice
