"""Where `smtplab talk` and `smtplab probe` connect to: whom, with which consent, and how."""

from __future__ import annotations

import argparse
import math
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from smtplab.errors import LocalProtocolError, SMTPLabError

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from smtplab.client import Client, Settings
    from smtplab.sandbox import Sandbox
    from smtplab.transcript import Transcript

WORLD = "sandbox"  # in place of a host: a sandbox of one's own
LONGEST = 3600.0  # seconds; ours to choose: nobody waits longer at a keyboard


class UsageError(Exception):
    """Something on the command line or in a file that the user can mend."""


class Target(NamedTuple):
    """A host as it was named; port None where none was given."""

    host: str
    port: int | None


def read_target(text: str) -> Target:
    """HOST, HOST:PORT, or an IPv6 address, in brackets where a port follows.

    >>> read_target("mail.lan:25"), read_target("[::1]:25"), read_target("::1")
    (Target(host='mail.lan', port=25), Target(host='::1', port=25), Target(host='::1', port=None))
    """
    form = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\](?::([0-9]{1,5}))?", text)
    if form is None and text.count(":") > 1:
        form = re.fullmatch(r"([0-9A-Fa-f:.%\w]+)()", text)
    form = form or re.fullmatch(r"([^\s:/\[\]]+)(?::([0-9]{1,5}))?", text)
    if form is None:
        raise UsageError(f"{text!r} is not HOST or HOST:PORT; an example is localhost:587")
    if not 0 < int(form[2] or 25) < 65536:
        raise UsageError(f"{form[2]} is no port; ports are numbers from 1 to 65535")
    return Target(form[1], int(form[2]) if form[2] else None)


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """The options on how to connect, the same for both commands."""
    add = parser.add_argument_group("how to connect").add_argument
    add("--real", action="store_true", help="consent: HOST is a real server, not this machine")
    add("--world", action="store_true", help="HOST is one of the hosts in a sandbox of its own")
    add("--ca", metavar="FILE", help="trust the certificate authorities in this PEM file")
    add("--no-verify", action="store_true", help="take any certificate; the output says so")
    add("--ehlo", metavar="NAME", help="the name that EHLO says")
    add("--source", metavar="ADDRESS", help="connect from this address")
    add("--timeout", type=_seconds, metavar="SECONDS", help="how long each step may wait")
    version = parser.add_mutually_exclusive_group().add_argument
    version("-4", dest="ip_version", action="store_const", const=4, help="use IPv4 only")
    version("-6", dest="ip_version", action="store_const", const=6, help="use IPv6 only")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) <= LONGEST and math.isfinite(seconds):
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to {LONGEST:g}")


@dataclass
class Way:
    """The way to the hosts: a sandbox that lives as long as the block, or the real network."""

    sandbox: Sandbox | None
    real: bool

    def __enter__(self) -> Way:
        if self.sandbox is not None:
            with _signals_for_this_thread():
                self.sandbox.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.sandbox is not None:
            self.sandbox.stop()

    def now(self) -> datetime:
        """The time that events are stamped with."""
        return self.sandbox.clock.now() if self.sandbox is not None else datetime.now(UTC)

    def is_far(self, host: str) -> bool:
        """Whether the host is neither this machine nor in the sandbox."""
        from smtplab.guard import is_loopback

        return self.sandbox is None and not is_loopback(host.lower().rstrip("."))

    def check(self, host: str) -> None:
        """The guard rail, in the words of the command line."""
        from smtplab.transcript.passage import is_practice_host

        if self.sandbox is not None:
            return
        if is_practice_host(host):
            raise UsageError(
                f"{host} is a reserved name or address, and no real server has it (RFC 2606, "
                "5737); to reach the one in a sandbox, add --world"
            )
        if self.is_far(host) and not self.real:
            raise UsageError(
                f"{host} is a real server on the internet; add --real if you mean to reach it, or "
                f"say {WORLD} for the practice world"
            )

    def connect(self, host: str, port: int, settings: Settings) -> Client:
        """A client that has read the greeting; errors as `Client.connect`."""
        from smtplab.client import Client

        return Client.connect(
            host, port, network=self.sandbox, real=self.is_far(host), settings=settings
        )

    def exchanges(self, domain: str) -> Sequence[str]:
        """The hosts that take mail for a domain, best first; `ConnectionLost` if nobody can say."""
        if self.sandbox is not None:
            return [one.host for one in self.sandbox.zones.mail_hosts(domain) if one.host]
        self.check(domain)
        from smtplab.exchanges import mail_exchanges

        return [one.host for one in mail_exchanges(domain, real=True)]


@contextmanager
def _signals_for_this_thread() -> Iterator[None]:
    """Threads that begin in the block take no signals: one that interrupts them would leave the
    main thread waiting for a line that nobody types."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def way_to(args: argparse.Namespace, host: str) -> Way:
    """The way that the options ask for."""
    if not (args.world or host == WORLD):
        return Way(None, args.real)
    if args.real:
        raise UsageError("--real and a sandbox exclude each other; nothing in it is real")
    from smtplab.sandbox import Sandbox

    return Way(Sandbox(), real=False)


def settings_from(args: argparse.Namespace, way: Way, transcript: Transcript | None) -> Settings:
    """How to connect, as the options say; TLS by port unless `--tls` says otherwise."""
    from smtplab.client import Settings
    from smtplab.commands import line

    kind = getattr(args, "tls", None)
    if args.ehlo is not None:
        try:
            line(args.ehlo)
        except LocalProtocolError as error:
            raise UsageError(f"--ehlo: {error}") from None
    return Settings(
        timeout=args.timeout or 30.0,
        source=args.source,
        name=args.ehlo,
        implicit_tls=None if kind is None else kind == "implicit",
        tls_context=tls_context(args),
        transcript=transcript,
        ip_version=args.ip_version,
    )


def tls_context(args: argparse.Namespace) -> ssl.SSLContext | None:
    """The context that `--ca` or `--no-verify` ask for; None: as the network trusts."""
    if not (args.ca or args.no_verify):
        return None
    if args.ca and args.no_verify:
        raise UsageError("--ca and --no-verify exclude each other; say what to trust, or nothing")
    import ssl

    if args.ca:
        try:
            return ssl.create_default_context(cafile=args.ca)
        except (OSError, ValueError):  # ssl.SSLError too; ValueError: a NUL in the name
            raise UsageError(f"--ca {args.ca!r} cannot be read as a PEM file") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def leave(client: Client) -> None:
    """QUIT where that is legal, then close; a refusal changes nothing."""
    try:
        if "QUIT" in client.session.legal_next():
            client.quit()
    except SMTPLabError:
        pass
    finally:
        client.close()
