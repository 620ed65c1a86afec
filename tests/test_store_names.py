"""Names of mailboxes on file systems: no way out of the folder, no two in one, legal everywhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab import Envelope
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from smtplab.sandbox.store.folder import FolderStore
from smtplab.sandbox.store.names import LONGEST, folder_name
from tests.test_cli_serve import ROOT

FORBIDDEN = set('<>:"/\\|?*') | {chr(code) for code in range(32)}
"""Windows allows none of these in a name (learn.microsoft.com, "Naming Files, Paths")."""

DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)),
}

TRICKS = {
    "up": "../../etc/passwd",
    "dots": "..",
    "one dot": ".",
    "root": "/etc/passwd",
    "backslashes": "..\\..\\x",
    "drive": "C:\\x",
    "stream": "bob@example.net::$DATA",
    "NUL octet": "bob\0@example.net",
    "line end": "bob\r\n@example.net",
    "nothing": "",
    "hidden": ".hidden",
    "dot at the end": "bob@example.net.",
    "space at the end": "bob@example.net ",
    "device": "CON",
    "device in small letters": "con",
    "device with a domain that is an extension": "nul.example@x",
    "device with a number": "com1",
    "Maildir folder": ".Junk",
    "part of a Maildir": "new",
    "percent": "%2e%2e",
    "tilde": "~root",
    "wildcard": "*?",
    "long": "x" * 10_000,
    "long, and another end": "x" * 10_000 + "y",
    "long by its encoding": "ü" * 100,
    "octets that are no UTF-8": "\udcff\udc80",
    "composed": "\u00fc",
    "decomposed": "u\u0308",
}


def is_legal(name: str) -> bool:
    """Whether Windows, macOS and Linux take it as a name, and as this name."""
    return (
        0 < len(name) <= LONGEST
        and name.isascii()
        and not set(name) & FORBIDDEN
        and name[-1] not in ". "
        and not name.startswith(".")
        and name.split(".")[0].lower() not in DEVICES
    )


@pytest.mark.parametrize("name", TRICKS.values(), ids=TRICKS)
def test_a_trick_in_a_name_stays_in_the_store(tmp_path: Path, name: str) -> None:
    """The local-part comes from the wire: as a path it could name any file of this machine."""
    store = tmp_path / "deep" / "store"
    keeper = FolderStore(store)
    box = Mailbox(name, shelf=lambda folder: keeper.shelf(name, folder))
    box.store("Inbox", StoredMail(Envelope("", (name,)), b"x\r\n"))
    keeper.close()
    assert is_legal(folder_name(name))
    assert [path.name for path in (store / "mail").iterdir()] == [folder_name(name)]
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in store.parent.iterdir()] == ["store"]
    keeper = FolderStore(store)
    ((mail,), last_uid) = keeper.shelf(name, "Inbox").mails()
    assert mail.content == b"x\r\n" and mail.envelope.forward_paths == (name,) and last_uid == 1
    keeper.close()


def test_no_two_tricks_share_a_folder() -> None:
    names = {folder_name(name).lower() for name in TRICKS.values()}
    assert len(names) == len(TRICKS)


@given(st.text(), st.text())
def test_two_names_are_two_folders_also_where_case_does_not_count(one: str, other: str) -> None:
    assert is_legal(folder_name(one))
    assert (folder_name(one).lower() == folder_name(other).lower()) == (one == other)


@pytest.mark.parametrize(("one", "other"), [("Bob", "bob"), ("%42ob", "Bob"), ("con", "%63on")])
def test_neighbours_are_told_apart(one: str, other: str) -> None:
    assert folder_name(one).lower() != folder_name(other).lower()


LIKE_WINDOWS = f"""
import os, sys
from pathlib import PureWindowsPath
FORBIDDEN = {FORBIDDEN!r} - {{"/"}}
DEVICES = {DEVICES!r}
root = sys.argv[1]
seen = {{}}

def watch(event, arguments):
    if event not in ("open", "os.rename", "os.mkdir", "os.remove", "os.utime"):
        return
    for path in arguments[: 2 if event == "os.rename" else 1]:
        if not str(path).startswith(root):
            continue
        if event == "open" and os.path.isdir(path):
            raise PermissionError(13, "a folder cannot be opened")
        for name in str(path)[len(root) :].split(os.sep)[1:]:
            bad = set(name) & FORBIDDEN or name[-1] in ". " or name.split(".")[0].lower() in DEVICES
            if bad:
                raise OSError(22, "illegal on Windows: " + name)

sys.addaudithook(watch)
try:
    open(root + "/a:b", "w")
except OSError:
    pass
else:
    raise SystemExit("the watch does not work")
# What the store asks to know where it is; the rest of Python goes on as it did.
from smtplab.sandbox.store import disk
class Windows:
    name = "nt"
    def __getattr__(self, name):
        return getattr(os, name)
disk.os = Windows()
from smtplab import Sandbox
for run in range(2):
    with Sandbox("memory", store=root) as sandbox:
        with sandbox.smtplib(port=465) as client:
            client.login("alice@example.org", "looking-glass")
            for to in ("bob@example.net", "carol@example.org", "nobody@example.net"):
                client.sendmail("alice@example.org", [to], "Subject: x\\r\\n\\r\\n")
        reader = sandbox.poplib()
        reader.user("bob@example.net")
        reader.pass_("blue-print")
        reader.dele(1)
        reader.quit()
        assert not sandbox.errors, sandbox.errors
        assert len(sandbox.inbox("carol@example.org")) == run + 1
"""


def test_a_store_works_where_names_and_folders_are_as_on_windows(tmp_path: Path) -> None:
    """No colon in any name, and no folder that could be opened to force it to the disk."""
    done = subprocess.run(
        [sys.executable, "-c", LIKE_WINDOWS, str(tmp_path / "store")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
