"""A real Exim as the next hop: unprivileged, on loopback, with a configuration of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.exim import somebody
from tests.free_ports import free_port, is_listening
from tests.peers import authority
from tests.tools import tool
from tests.watch import wait_until

CONFIGURATION = """\
primary_hostname = {name}
exim_path = {folder}/exim
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
pid_file_path = {folder}/pid
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = true
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
domainlist local_domains = {name}
acl_smtp_rcpt = take
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts = {tls_hosts}
tls_certificate = {folder}/key.pem
message_size_limit = 1M
rfc1413_query_timeout = 0s
host_lookup =
keep_environment =
begin acl
take:
  deny message = no such mailbox
       local_parts = nobody
  accept domains = +local_domains
  deny message = relay not permitted
begin routers
local:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  user = {user}
  group = {group}
begin retry
* * F,1h,1m
"""

AUTHENTICATORS = """\
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{alice@example.org}}{eq{$auth3}{looking-glass}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{alice@example.org}}{eq{$auth2}{looking-glass}}}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{alice@example.org}{looking-glass}fail}
"""


class Exim:
    """A running Exim and what it has delivered."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    @property
    def mail(self) -> list[bytes]:
        """The delivered contents, with LF as line end, as Exim stores them."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / "new").glob("*"))]

    @property
    def printed(self) -> str:
        return (self.folder / "told").read_text()

    @property
    def log(self) -> str:
        return (self.folder / "log-mainlog").read_text()


@contextmanager
def exim_receiver(name: str, *, tls: bool = True, prints: str = "-v") -> Iterator[Exim]:
    """Exim as the mail host of the domain `name`, until the end of the block.

    `prints` is the option that says what it prints of its sessions.
    """
    program = tool("exim4")
    folder = Path(tempfile.mkdtemp(prefix="smtplab-exim-"))
    who = somebody()
    account = pwd.getpwuid(who.get("user", os.getuid()))
    group = account.pw_gid
    try:
        shutil.copy(program, folder / "exim")  # a copy is not setuid
        (folder / "exim").chmod(0o755)
        leaf = authority().issue_cert(name)
        leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "key.pem"))
        port = free_port()
        text = CONFIGURATION.format(
            name=name,
            folder=folder,
            user=account.pw_uid,
            group=group,
            port=port,
            tls_hosts="*" if tls else "",
        )
        (folder / "exim.conf").write_text(text + AUTHENTICATORS)
        (folder / "mail").mkdir()
        (folder / "spool").mkdir()
        if who:
            for path in (folder, *folder.iterdir()):
                os.chown(path, account.pw_uid, group)
        words = [str(folder / "exim"), "-C", str(folder / "exim.conf"), "-bdf", prints]
        with (folder / "told").open("wb") as told:
            process = subprocess.Popen(words, stdout=told, stderr=told, **who)
        try:
            wait_until(lambda: is_listening(port) or process.poll() is not None)
            assert process.poll() is None, (folder / "told").read_text()
            yield Exim(folder, port)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
