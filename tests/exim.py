"""A real Exim that relays: unprivileged, with a configuration and a queue of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools import tool

NAME = "laptop.example.org"

# Everything goes to one port of this machine. Exim looks no name up and opens no port itself.
CONFIGURATION = """\
primary_hostname = {name}
exim_path = {folder}/exim
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
exim_user = {user}
exim_group = {group}
trusted_users = {user}
never_users =
deliver_drop_privilege = true
untrusted_set_sender = *
host_lookup =
keep_environment =
begin routers
onwards:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = onwards
begin transports
onwards:
  driver = smtp
  port = {port}
  hosts_avoid_tls = {avoid_tls}
  tls_verify_hosts =
  tls_try_verify_hosts =
begin retry
* * F,1h,1m
"""


class EximRelay:
    """An Exim with a queue; nothing leaves it before `run_queue`."""

    def __init__(self, folder: Path, who: dict[str, Any]) -> None:
        self._folder, self._who = folder, who

    def submit(self, reverse_path: str, forward_paths: list[str], content: bytes) -> None:
        """Put one mail object into the queue."""
        self._exim("-odq", "-oi", "-f", reverse_path, *forward_paths, content=content)

    def run_queue(self, *options: str) -> str:
        """Send everything that waits, and return what Exim printed when that is done."""
        return self._exim(*options, "-qff")

    @property
    def log(self) -> str:
        return (self._folder / "log-mainlog").read_text()

    def _exim(self, *words: str, content: bytes = b"") -> str:
        command = [str(self._folder / "exim"), "-C", str(self._folder / "conf"), *words]
        done = subprocess.run(command, input=content, capture_output=True, timeout=180, **self._who)
        assert done.returncode == 0, done.stderr.decode()
        return done.stderr.decode()


@contextmanager
def exim_relay(port: int, *, tls: bool = False) -> Iterator[EximRelay]:
    """Exim that relays all mail to one port on loopback, until the end of the block."""
    program = tool("exim4")
    who = somebody()
    account = pwd.getpwuid(who.get("user", os.getuid()))
    folder = Path(tempfile.mkdtemp(prefix="smtplab-exim-"))
    try:
        shutil.copyfile(program, folder / "exim")  # a copy is not setuid
        (folder / "exim").chmod(0o755)
        (folder / "spool").mkdir()
        text = CONFIGURATION.format(
            name=NAME, folder=folder, user=account.pw_uid, group=account.pw_gid, port=port,
            avoid_tls="" if tls else "*",
        )  # fmt: skip
        (folder / "conf").write_text(text)
        if who:
            for path in (folder, *folder.iterdir()):
                if path.name != "conf":  # Exim reads only what root or its own user has written
                    os.chown(path, account.pw_uid, account.pw_gid)
        yield EximRelay(folder, who)
    finally:
        shutil.rmtree(folder)


def somebody() -> dict[str, Any]:
    """Whom to be for a program that refuses to be root, as words for `subprocess`."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
