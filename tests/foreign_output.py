"""What programs of others print of a session with the sandbox: real output, made when asked for."""

import errno
import os
import pty
import re
import select
import subprocess
import sys

from tests.outside_clients import LAPTOP, LOOPBACK, PATIENCE, Order, curl, swaks
from tests.tools import node_module, tool

_SMTPLIB = """
import os, smtplib, ssl, sys
level, port, ca_file, reverse_path, forward_path, user, password = sys.argv[1:]
smtplib.SMTP.debuglevel = int(level)  # so that it prints the greeting, too
client = smtplib.SMTP("127.0.0.1", int(port), local_hostname="laptop.example.org", timeout=60)
if user:
    client.starttls(context=ssl.create_default_context(cafile=ca_file))
    client.login(user, password)
try:
    client.sendmail(reverse_path, [forward_path], os.environb[b"CONTENT"])
except smtplib.SMTPRecipientsRefused:
    pass
client.quit()
"""

_NODEMAILER = """
const util = require("util");
const [port, ca, from, to, user, pass, kind] = process.argv.slice(1);
const bunyan = (entry, text, ...rest) => {
  console.log(JSON.stringify({ ...entry, msg: util.format(text, ...rest) }));
};
const logger = { trace: bunyan, debug: bunyan, info: bunyan, warn: bunyan, error: bunyan };
const transport = require("nodemailer").createTransport({
  host: "127.0.0.1", port: Number(port), name: "laptop.example.org",
  debug: true, logger: kind === "json" ? logger : true,
  ignoreTLS: !user, auth: user ? { user, pass } : undefined,
  tls: { ca: require("fs").readFileSync(ca) },
});
const raw = process.env.CONTENT;
transport.sendMail({ envelope: { from, to: [to] }, raw })
  .catch(() => 0).finally(() => transport.close());
"""


def of_swaks(order: Order) -> str:
    return swaks(order).told


def of_curl(order: Order) -> str:
    return curl(order).told


def of_smtplib(order: Order, level: int = 1) -> str:
    words = [sys.executable, "-c", _SMTPLIB, str(level), *_arguments(order)]
    return _printed(words, CONTENT=order.content.decode())


def of_smtplib_2(order: Order) -> str:
    return of_smtplib(order, 2)


def of_nodemailer(order: Order, kind: str = "text") -> str:
    words = [tool("node"), "-e", _NODEMAILER, *_arguments(order), kind]
    where = node_module("nodemailer")
    return _printed(words, NODE_PATH=where, CONTENT=order.content.decode())


def of_nodemailer_json(order: Order) -> str:
    return of_nodemailer(order, "json")


def _arguments(order: Order) -> list[str]:
    paths = [order.reverse_path, order.forward_path]
    return [str(order.port), str(order.ca_file), *paths, order.username, order.password]


def _printed(words: list[str], **variables: str) -> str:
    ended = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
        env={**os.environ, **variables},
    )  # fmt: skip
    return ended.stdout.decode()


def of_a_terminal(words: list[str], *typed: str, ready: bytes) -> str:
    """What stands in a terminal after a person has typed lines, each after the reply before it.

    A line that ends in LF is typed without waiting for a reply to it: one of the content.
    """
    master, terminal = pty.openpty()
    process = subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    try:
        seen = _seen_until(master, b"", ready)
        for line in typed:
            os.write(master, line.removesuffix("\n").encode() + b"\n")
            more = re.escape(line.strip().encode()) if line.endswith("\n") else _REPLY
            seen += _seen_until(master, b"", more)
        return (seen + _seen_until(master, b"", None)).decode()
    finally:
        process.kill()
        process.wait()
        os.close(master)


_REPLY = rb"(?:^|\n)[2-5]\d\d [^\n]*\n"


def _seen_until(master: int, seen: bytes, pattern: bytes | None) -> bytes:
    """Read on until the pattern is there; None: until the program ends."""
    while pattern is None or not re.search(pattern, seen):
        ready, _, _ = select.select([master], [], [], PATIENCE)
        assert ready, seen
        try:
            more = os.read(master, 65_536)
        except OSError as error:
            assert error.errno == errno.EIO, "Linux says so when the program has ended"
            return seen
        if not more:
            return seen
        seen += more
    return seen


def of_openssl(port: int, ca_file: str, *typed: str, starttls: bool = True) -> str:
    """`openssl s_client` in a terminal: its handshake, and what a person typed."""
    words = [tool("openssl"), "s_client", "-crlf", "-ign_eof", "-connect", f"{LOOPBACK}:{port}"]
    words += ["-CAfile", ca_file, *(["-starttls", "smtp", "-name", LAPTOP] if starttls else [])]
    ready = rb"250 HELP" if starttls else rb"220 [^\n]*\n"
    return of_a_terminal(words, *typed, ready=ready)
