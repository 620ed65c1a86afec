"""A real Postfix, whole, with a configuration and a queue of its own, on loopback ports."""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.free_ports import free_port
from tests.peers import authority
from tests.tools import HINTS, missing, tool
from tests.watch import wait_until

NAME = "mail.example.net"

# Mail for two domains goes on to one port of this machine. Postfix looks no name up. It wants two
# accounts that nobody else uses; `daemon` and `mail` are on every Debian, and nothing is theirs.
OWNER, SUBMITTERS = "daemon", "mail"
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
meta_directory = {folder}/conf
daemon_directory = {programs}/usr/lib/postfix/sbin
command_directory = {programs}/usr/sbin
shlib_directory = {programs}/usr/lib/postfix
mail_owner = {owner}
setgid_group = {submitters}
import_environment = LD_LIBRARY_PATH MAIL_CONFIG
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = {name}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
in_flow_delay = 0
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{nobody@example.net = 550 5.1.1 No such mailbox}} }}
relay_domains = example.net
relayhost = [127.0.0.1]:{relay}
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/key.pem
smtpd_tls_loglevel = {tls_told}
smtp_connection_cache_on_demand = no
smtp_tls_security_level = {relay_tls}
smtp_tls_CAfile = {ca_file}
smtp_tls_loglevel = {tls_told}
smtpd_sasl_auth_enable = {auth}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd -v
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
cleanup unix n - n - 0 cleanup
defer unix - - n - 0 bounce
error unix - - n - - error
flush unix n - n - 0 flush
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
qmgr unix n - n - 1 qmgr
relay unix - - n - - smtp -v
retry unix - - n - - error
rewrite unix - - n - - trivial-rewrite
scache unix - - n - 1 scache
smtp unix - - n - - smtp -v
tlsmgr unix - - n - 1 tlsmgr
trace unix - - n - 0 bounce
"""

PRIVATE = "active bounce corrupt defer deferred flush hold incoming private saved trace"


class Postfix:
    """A running Postfix: its port, and the log that it writes."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port

    @property
    def log(self) -> str:
        path = self._folder / "log"
        return path.read_text() if path.exists() else ""

    def wait_for(self, words: str, times: int = 1) -> str:
        """The log, once it holds these words as often as this."""
        wait_until(lambda: self.log.count(words) >= times)
        log = self.log
        assert log.count(words) >= times, log[-4000:]
        return log


@contextmanager
def postfix(
    relay: int, *, auth: int = 0, ca_file: Path | None = None, tells_tls: bool = True
) -> Iterator[Postfix]:
    """Postfix that relays to one port on loopback, over TLS if `ca_file` says whom to trust.

    AUTH is Dovecot's, at the port `auth`, as on many real hosts.
    """
    programs = Path(tool("postfix")).resolve().parents[2]  # above Debian's usr/sbin
    if not (programs / "usr/lib/postfix/sbin/master").exists():
        missing("Postfix as Debian lays it out", HINTS["postfix"])
    if os.getuid():
        missing("root", "Postfix's master is for the superuser only")
    folder = Path(tempfile.mkdtemp(prefix="smtplab-postfix-"))
    folder.chmod(0o755)
    port = free_port()
    try:
        leaf = authority().issue_cert(NAME)
        leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "key.pem"))
        main = MAIN.format(
            folder=folder, programs=programs, owner=OWNER, submitters=SUBMITTERS, name=NAME,
            relay=relay, relay_tls="verify" if ca_file else "none", ca_file=ca_file or "",
            tls_told=int(tells_tls), auth="yes" if auth else "no", auth_port=auth,
        )  # fmt: skip
        _make_folders(folder)
        (folder / "conf" / "main.cf").write_text(main)
        (folder / "conf" / "master.cf").write_text(MASTER.format(port=port))
        yield from _run(Postfix(folder, port), folder, programs / "usr/lib/postfix")
    finally:
        shutil.rmtree(folder)


def _make_folders(folder: Path) -> None:
    """What `postfix check` would make."""
    owner, submitters = pwd.getpwnam(OWNER).pw_uid, grp.getgrnam(SUBMITTERS).gr_gid
    for name in ("conf", "data", "queue", "queue/pid"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner, -1)
    for name in PRIVATE.split():
        (folder / "queue" / name).mkdir(0o700)
        os.chown(folder / "queue" / name, owner, -1)
    for name, mode in (("public", 0o710), ("maildrop", 0o730)):
        (folder / "queue" / name).mkdir()
        os.chown(folder / "queue" / name, owner, submitters)
        (folder / "queue" / name).chmod(mode)


def _run(server: Postfix, folder: Path, library: Path) -> Iterator[Postfix]:
    words = [str(library / "sbin" / "master"), "-c", str(folder / "conf"), "-d"]
    variables = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(library)}
    with (folder / "told").open("wb") as told:
        process = subprocess.Popen(words, stdout=told, stderr=told, env=variables)
    try:
        wait_until(lambda: "daemon started" in server.log or process.poll() is not None)
        assert process.poll() is None, (folder / "told").read_text() + server.log
        yield server
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)  # it ends all that it has started
        process.wait(60)
