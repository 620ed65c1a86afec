"""A real Dovecot whose submission service relays: unprivileged, with a configuration of its own."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.exim import somebody
from tests.free_ports import free_port, is_listening
from tests.tools import HINTS, missing, tool
from tests.watch import wait_until

USER, PASSWORD = "alice@example.org", "looking-glass"

# One user, any name, one password; no folder outside the temporary one, no root anywhere.
CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = submission
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
hostname = laptop.example.org
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service anvil {{
  chroot =
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {listen}
  }}
}}
service auth {{
  inet_listener postfix {{
    port = {auth}
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {port}
submission_relay_ssl = no
"""


@contextmanager
def dovecot_submission(port: int) -> Iterator[int]:
    """The port of a submission server that relays to `port`, until the end of the block."""
    with _dovecot(port) as (listen, _):
        yield listen


@contextmanager
def dovecot_auth() -> Iterator[int]:
    """The port where Postfix may ask who signs in, until the end of the block."""
    with _dovecot(free_port()) as (_, auth):
        yield auth


@contextmanager
def _dovecot(port: int) -> Iterator[tuple[int, int]]:
    program = tool("dovecot")
    if not (Path(program).parents[1] / "lib/dovecot/submission").exists():
        missing("Dovecot's submission service", HINTS["dovecot"])
    who = somebody()
    account = pwd.getpwuid(who.get("user", os.getuid()))
    folder = Path(tempfile.mkdtemp(prefix="smtplab-dovecot-"))
    try:
        listen, auth = free_port(), free_port()
        text = CONFIGURATION.format(
            folder=folder, user=account.pw_name, group=grp.getgrgid(account.pw_gid).gr_name,
            uid=account.pw_uid, gid=account.pw_gid, listen=listen, port=port, password=PASSWORD,
            auth=auth,
        )  # fmt: skip
        (folder / "conf").write_text(text)
        (folder / "mail").mkdir()
        if who:
            for path in (folder, *folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        process = subprocess.Popen(
            [program, "-F", "-c", str(folder / "conf")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **who,
        )  # fmt: skip
        try:
            wait_until(lambda: is_listening(listen) or process.poll() is not None)
            assert process.poll() is None, process.communicate()[0].decode()
            yield listen, auth
        finally:
            process.terminate()
            process.communicate(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
