"""Mail programs that are not ours, each sending one mail object and telling what the server said.

Each checks the certificate against a CA file and reaches the server's name at 127.0.0.1.
"""

import json
import os
import re
import smtplib
import socket
import ssl
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.tools import node_module, tool

LAPTOP = "laptop.example.org"
LOOPBACK = "127.0.0.1"
PATIENCE = 120.0  # seconds for one program; each takes less than two


@dataclass(frozen=True)
class Order:
    """What a program is to send, and where."""

    host: str  # the server's name, as its certificate has it
    port: int  # where it is bound on loopback
    tls: str  # "none", "starttls" or "implicit"
    ca_file: Path
    content: bytes
    forward_path: str
    reverse_path: str = "alice@example.org"
    username: str = ""
    password: str = ""
    token: str = ""  # an access token instead of a password
    mechanism: str = ""  # the one to sign in by; empty: what the program prefers


@dataclass(frozen=True)
class Outcome:
    """Whether the program says that it was sent, and all that it told."""

    sent: bool
    told: str


def _run(words: list[str], octets: bytes = b"", **variables: str) -> Outcome:
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ended = subprocess.run(
        words,
        input=octets,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        env={**quiet, **variables},
    )
    return Outcome(ended.returncode == 0, ended.stdout.decode("utf-8", "replace"))


def swaks(order: Order) -> Outcome:
    words = [tool("swaks"), "--server", f"{LOOPBACK}:{order.port}", "--ehlo", LAPTOP]
    words += {
        "none": [],
        "starttls": ["--tls", "--tls-verify", "--tls-ca-path", str(order.ca_file)],
        "implicit": ["--tls-on-connect", "--tls-verify", "--tls-ca-path", str(order.ca_file)],
    }[order.tls]
    if order.tls != "none" and "--tls-verify-target" in _help_of(words[0]):
        words += ["--tls-verify-target", order.host]  # from 2024 on it looks at the name too
    if order.username:
        words += ["--auth", order.mechanism or "PLAIN,LOGIN"]
        words += ["--auth-user", order.username, "--auth-password", order.password]
    words += ["--from", order.reverse_path, "--to", order.forward_path, "--data", "-"]
    # swaks puts a line end of its own behind what it reads.
    return _run(words, order.content.removesuffix(b"\r\n"))


def _help_of(program: str) -> str:
    return _run([program, "--help"]).told


def curl(order: Order) -> Outcome:
    scheme = "smtps" if order.tls == "implicit" else "smtp"
    words = [tool("curl"), "-q", "-sSv", "--url", f"{scheme}://{order.host}:{order.port}/{LAPTOP}"]
    words += ["--connect-to", f"{order.host}:{order.port}:{LOOPBACK}:{order.port}"]
    if order.tls != "none":
        words += ["--ssl-reqd", "--cacert", str(order.ca_file)]
    if order.username:
        words += ["--user", f"{order.username}:{order.password}"]
    if order.token:
        words += ["--oauth2-bearer", order.token]
    if order.mechanism:
        words += ["--login-options", f"AUTH={order.mechanism}", "--sasl-ir"]
    words += ["--mail-from", order.reverse_path, "--mail-rcpt", order.forward_path]
    return _run([*words, "--upload-file", "-"], order.content)


_NODEMAILER = """
const order = JSON.parse(process.env.ORDER);
const transport = require("nodemailer").createTransport({
  host: "127.0.0.1", port: order.port, name: "laptop.example.org",
  secure: order.tls === "implicit",
  requireTLS: order.tls === "starttls", ignoreTLS: order.tls === "none",
  auth: order.token ? { type: "OAuth2", user: order.username, accessToken: order.token }
    : order.username ? { user: order.username, pass: order.password } : undefined,
  authMethod: order.mechanism || undefined,
  tls: { servername: order.host, ca: require("fs").readFileSync(order.ca_file) },
});
const envelope = { from: order.reverse_path, to: [order.forward_path] };
transport.sendMail({ envelope, raw: Buffer.from(order.content, "base64") }).then(
  (info) => console.log(info.response),
  (error) => { console.log(error.message, error.response || ""); process.exitCode = 1; },
).finally(() => transport.close());
"""


def nodemailer(order: Order) -> Outcome:
    where = node_module("nodemailer")
    return _run([tool("node"), "-e", _NODEMAILER], NODE_PATH=where, ORDER=_as_json(order))


def _as_json(order: Order) -> str:
    content = b64encode(order.content).decode()
    return json.dumps(vars(order) | {"ca_file": str(order.ca_file), "content": content})


def _context(order: Order) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=order.ca_file)


class _SMTP(smtplib.SMTP):
    """smtplib, reaching every name at 127.0.0.1 and looking none up."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((LOOPBACK, port), timeout)


class _SMTPOverTLS(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = socket.create_connection((LOOPBACK, port), timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


def python_smtplib(order: Order) -> Outcome:
    where: Any = {"host": order.host, "port": order.port, "local_hostname": LAPTOP, "timeout": 60}
    try:
        if order.tls == "implicit":
            client: smtplib.SMTP = _SMTPOverTLS(**where, context=_context(order))
        else:
            client = _SMTP(**where)
        with client:
            if order.tls == "starttls":
                client.starttls(context=_context(order))
            if order.mechanism:
                client.ehlo()
                client.user, client.password = order.username, order.password
                answer = getattr(client, f"auth_{order.mechanism.lower().replace('-', '_')}")
                client.auth(order.mechanism, answer)
            elif order.username:
                client.login(order.username, order.password)
            client.sendmail(order.reverse_path, order.forward_path, order.content)
    except smtplib.SMTPRecipientsRefused as error:
        return Outcome(False, " ".join(_code(*reply) for reply in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        return Outcome(False, _code(error.smtp_code, error.smtp_error))
    except ssl.SSLError as error:
        return Outcome(False, str(error))
    return Outcome(True, "")


def _code(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode() if isinstance(text, bytes) else text}"


_AIOSMTPLIB = """
import aiosmtplib, asyncio, base64, json, os, ssl

async def main(order):
    client = aiosmtplib.SMTP(
        hostname="127.0.0.1",  # the certificate has this name too
        port=order["port"],
        local_hostname="laptop.example.org",
        timeout=60,
        use_tls=order["tls"] == "implicit",
        start_tls=order["tls"] == "starttls",
        tls_context=ssl.create_default_context(cafile=order["ca_file"]),
    )
    async with client:
        if order["mechanism"]:
            await client.ehlo()
            sign_in = getattr(client, "auth_" + order["mechanism"].lower().replace("-", ""))
            await sign_in(order["username"], order["token"] or order["password"])
        elif order["username"]:
            await client.login(order["username"], order["password"])
        content = base64.b64decode(order["content"])
        await client.sendmail(order["reverse_path"], [order["forward_path"]], content)

asyncio.run(main(json.loads(os.environ["ORDER"])))
"""


def python_aiosmtplib(order: Order) -> Outcome:
    """In a process of its own: it leaves closing to the garbage collector."""
    outcome = _run([sys.executable, "-W", "ignore", "-c", _AIOSMTPLIB], ORDER=_as_json(order))
    # Its errors are shown as (550, '5.7.1 ...'), as Python shows a tuple.
    return Outcome(outcome.sent, re.sub(r"(\d{3}), ['\"]", r"\1 ", outcome.told))


def msmtp(order: Order) -> Outcome:
    words = [tool("msmtp"), "-C", os.devnull, "--debug", f"--host={LOOPBACK}", f"--domain={LAPTOP}"]
    words += [f"--port={order.port}", "--tls=on", f"--tls-trust-file={order.ca_file}"]
    words += [f"--tls-starttls={'on' if order.tls == 'starttls' else 'off'}"]
    words += [f"--auth={order.mechanism.lower() or 'on'}", f"--user={order.username}"]
    words += ["--passwordeval=printenv SECRET", f"--from={order.reverse_path}"]
    # It writes line ends of its own.
    content = order.content.replace(b"\r\n", b"\n")
    return _run([*words, order.forward_path], content, SECRET=order.token or order.password)


def s_nail(order: Order) -> Outcome:
    """A mail program: it makes a mail object of its own from the text that it gets."""
    secret = quote(order.token or order.password, safe="")
    scheme = "submissions" if order.tls == "implicit" else "submission"
    # It holds a certificate against DNS names only; localhost is one of them.
    mta = f"{scheme}://{quote(order.username, safe='')}:{secret}@localhost:{order.port}"
    settings = ["v15-compat", f"hostname={LAPTOP}", f"mta={mta}", "smtp-use-starttls"]
    settings += ["tls-verify=strict", "tls-ca-no-defaults", f"tls-ca-file={order.ca_file}"]
    # What it calls oauthbearer is XOAUTH2 on the wire.
    method = "oauthbearer" if order.mechanism == "XOAUTH2" else order.mechanism.lower()
    settings += ["nosave", *([f"smtp-auth={method}"] if method else [])]
    words = [tool("s-nail"), "-:/", *(f"-S{setting}" for setting in settings)]
    words += ["-r", order.reverse_path, "-s", "Tea", order.forward_path]
    return _run(words, order.content.replace(b"\r\n", b"\n"))


CLIENTS = (swaks, curl, nodemailer, python_smtplib, python_aiosmtplib)
