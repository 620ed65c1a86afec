"""The fixture `smtp_sandbox`, as the tests of somebody else's application use it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.terminal import ROOT, environment

ENTRY_POINT = "[pytest11]\nsmtplab = smtplab.pytest_plugin\n"

APPLICATION = '''
import smtplib, ssl
import pytest

def send(servers, to="bob@example.net", subject="Your order"):
    """What an application does: connect, STARTTLS with a checked certificate, log in, send."""
    with smtplib.SMTP(servers.host, servers.port, local_hostname="app.example.org") as client:
        client.starttls(context=ssl.create_default_context(cafile=servers.ca_file))
        client.login(servers.username, servers.password)
        client.sendmail("alice@example.org", [to], f"Subject: {subject}\\n\\nThank you.\\n")
'''


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that makes smtplab's entry point known, as an installation does."""
    folder = tmp_path / "site" / "smtplab-0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: smtplab\nVersion: 0.0\n")
    (folder / "entry_points.txt").write_text(ENTRY_POINT)
    files = sorted((ROOT / "smtplab").rglob("*.py"))
    (folder / "RECORD").write_text("".join(f"{one.relative_to(ROOT)},,\n" for one in files))
    return folder.parent


def run_pytest(
    installed: Path, tests: str, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Tests of an application, in a pytest of their own, where each warning is an error."""
    here = installed.parent / "application"
    here.mkdir()
    (here / "test_application.py").write_text(APPLICATION + tests)
    paths = environment(**variables)
    paths["PYTHONPATH"] = os.pathsep.join((str(installed), paths["PYTHONPATH"]))
    return subprocess.run(
        # nbval, which is here too, would read a grammar for a second before the first test.
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider",
         "-p", "no:nbval", *words],
        cwd=here, capture_output=True, text=True, timeout=120, env=paths,
    )  # fmt: skip


def test_the_project_declares_the_entry_point_that_is_tested_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (name, where), *rest = project["entry-points"]["pytest11"].items()
    assert ENTRY_POINT == f"[pytest11]\n{name} = {where}\n" and not rest


def test_an_application_sends_and_the_test_looks_into_the_inbox(installed: Path) -> None:
    run = run_pytest(
        installed,
        """
def test_sends(smtp_sandbox):
    send(smtp_sandbox)
    (mail,) = smtp_sandbox.inbox("bob@example.net")
    assert mail.subject == "Your order"
    assert mail.message.get_content() == "Thank you.\\r\\n"
""",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_test_has_a_clean_world_on_the_same_ports(installed: Path) -> None:
    """Mail of one test in another one's mailbox would make either fail at random."""
    run = run_pytest(
        installed,
        """
seen = set()

@pytest.mark.parametrize("n", range(4))
def test_sends(smtp_sandbox, n):
    assert smtp_sandbox.inbox("bob@example.net") == ()
    send(smtp_sandbox)
    assert len(smtp_sandbox.inbox("bob@example.net")) == 1
    seen.add((smtp_sandbox.port, tuple(smtp_sandbox.ports.values()), smtp_sandbox.ca_file))
    assert len(seen) == 1
    assert set(smtp_sandbox.ports) == {25, 465, 587}
    smtp_sandbox.sandbox.faults.add("RCPT=451 4.3.0 Try later")
""",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_aiosmtplib_and_an_application_without_tls_work_too(installed: Path) -> None:
    run = run_pytest(
        installed,
        '''
APPLICATION = r"""
import asyncio, sys, aiosmtplib
port, ca_file, username, password = sys.argv[1:]
asyncio.run(aiosmtplib.send(
    "Subject: hi\\n\\nhi\\n", sender="alice@example.org", recipients=["bob@example.net"],
    hostname="127.0.0.1", port=int(port), use_tls=True, cert_bundle=ca_file,
    local_hostname="app.example.org", username=username, password=password))
"""

def test_asynchronous(smtp_sandbox):
    """In a process of its own: it leaves closing a TLS connection to the garbage collector."""
    import subprocess, sys
    words = [smtp_sandbox.ports[465], smtp_sandbox.ca_file]
    words += [smtp_sandbox.username, smtp_sandbox.password]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", APPLICATION, *map(str, words)], check=True)
    assert len(smtp_sandbox.inbox("bob@example.net")) == 1

def test_plain(smtp_sandbox):
    """As frameworks do by default: no TLS, no password, the port of a mail exchanger."""
    with smtplib.SMTP(smtp_sandbox.host, smtp_sandbox.ports[25], local_hostname="app") as client:
        client.sendmail("shop@example.org", "bob@example.net", "Subject: hi\\r\\n\\r\\nhi\\r\\n")
    assert smtp_sandbox.inbox("bob@example.net")[0].envelope.reverse_path == "shop@example.org"

def test_a_port_that_is_none(smtp_sandbox):
    with pytest.raises(KeyError, match="no server at port 2525; there are 25, 465, 587"):
        smtp_sandbox.ports[2525]
''',
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_failed_test_shows_what_the_servers_saw_but_no_password(installed: Path) -> None:
    run = run_pytest(
        installed,
        """
def test_wrong_recipient(smtp_sandbox):
    send(smtp_sandbox)
    send(smtp_sandbox, to="nobody@example.org")
""",
    )
    assert run.returncode == 1
    _, _, section = run.stdout.partition("What the servers of smtp_sandbox saw")
    assert "x2  C: rcpt TO:<nobody@example.org>\nx2  S: 550 5.1.1" in section
    assert "-- in the Inbox of bob@example.net: Your order" in section
    assert "AUTH " in section and "********" in section
    assert "looking-glass" not in section


def test_a_failed_test_without_the_fixture_and_a_passed_one_show_nothing(installed: Path) -> None:
    run = run_pytest(
        installed,
        "\ndef test_other():\n    assert False\n\ndef test_well(smtp_sandbox): pass\n",
        "-rA",
    )
    assert run.returncode == 1
    assert "smtp_sandbox saw" not in run.stdout


def test_a_pytest_that_does_not_use_it_loads_nothing_for_it(installed: Path) -> None:
    run = run_pytest(
        installed,
        """
def test_light(pytestconfig):
    import sys
    assert pytestconfig.pluginmanager.has_plugin("smtplab")
    loaded = {name for name in sys.modules if name.split(".")[0] == "smtplab"}
    assert loaded == {"smtplab", "smtplab.pytest_plugin"}
    assert not {"aiosmtpd", "trustme", "dns", "cryptography"} & set(sys.modules)
""",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_works_in_parallel_and_leaves_nothing_behind(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    run = run_pytest(
        installed,
        """
@pytest.mark.parametrize("n", range(4))
def test_sends(smtp_sandbox, n):
    send(smtp_sandbox)
    assert len(smtp_sandbox.inbox("bob@example.net")) == 1
""",
        "-n", "2",
        TMPDIR=str(folder),
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert not [one for one in os.listdir(folder) if one.startswith("smtplab-")]
