"""Our client against smtplib and aiosmtplib, all into one smtp-sink in one run."""

from __future__ import annotations

import asyncio
import gc
import smtplib
from collections.abc import Callable
from pathlib import Path

from smtplab import Client, Envelope, MailObject, send
from tests.benchmarks.measure import in_turn, report
from tests.benchmarks.peers import BareSender, smtp_sink
from tests.tools import find_tool

ROUNDS = 15
MESSAGES = 100  # in each short run
ALICE, BOB = "alice@example.org", "bob@example.net"
CONTENT = b"Subject: speed\r\n\r\n" + (b"x" * 62 + b"\r\n") * 16
MAIL = MailObject(Envelope(ALICE, (BOB,)), CONTENT)
MANY = 100_000


def sending() -> None:
    """Stepwise and pipelined, on one kept connection each; and memory over many."""
    program = find_tool("smtp-sink")
    if program is None:
        print("    sending: smtp-sink is not installed")
        return
    with smtp_sink(program) as sink:
        _speed(sink.port)
        _memory(sink.port)


def _speed(port: int) -> None:
    client, pipelined = _greeted(port), _greeted(port)
    stdlib = smtplib.SMTP("127.0.0.1", port, local_hostname="laptop.example.org", timeout=30)
    stdlib.ehlo()
    other = _Aiosmtplib(port)
    bare, bare_pipelined = BareSender(port), BareSender(port)
    bare.greet()
    bare_pipelined.greet()

    def stepwise() -> None:
        for _ in range(MESSAGES):
            client.mail(ALICE)
            client.rcpt(BOB)
            client.data()
            client.content(CONTENT)

    def with_smtplib() -> None:
        for _ in range(MESSAGES):
            stdlib.sendmail(ALICE, BOB, CONTENT)

    kept = _Kept(pipelined)

    def with_send() -> None:
        assert send([MAIL] * MESSAGES, kept.take, progress=_quiet).is_complete

    runs: dict[str, Callable[[], object]] = {
        "steps": stepwise,
        "smtplib": with_smtplib,
        "send()": with_send,
        "aiosmtplib": lambda: other.send(MESSAGES),
        "a bare loop": lambda: bare.send(MESSAGES),
        "a bare pipelined loop": lambda: bare_pipelined.send_pipelined(MESSAGES),
    }
    measured = in_turn(runs, ROUNDS)
    for name in runs:
        ratio = measured.ratio("smtplib", name)
        print(f"    {name}: {MESSAGES / measured.median(name):.0f} a second, smtplib x {ratio:.2f}")
    for what, one, theirs, wanted in (
        ("stepwise, recorded, against smtplib", "steps", "smtplib", 1.0),
        ("pipelined send() against smtplib", "send()", "smtplib", 3.0),
        ("pipelined send() against aiosmtplib", "send()", "aiosmtplib", 8.0),
    ):
        ratio = measured.ratio(theirs, one)
        report(what, f"{ratio:.2f} times as fast", f"at least {wanted:.0f} times", ratio >= wanted)
    for connection in (client, pipelined, stdlib, other, bare, bare_pipelined):
        connection.close()


def _greeted(port: int) -> Client:
    client = Client.connect("127.0.0.1", port)
    client.ehlo()
    return client


def _quiet(done: int, total: int) -> None:
    """No bar among the figures."""


class _Kept:
    """A connection that `send` does not close, so that connecting is not measured."""

    def __init__(self, client: Client) -> None:
        self._client = client
        client.__class__ = _Lasting

    def take(self) -> Client:
        return self._client


class _Lasting(Client):
    def __exit__(self, *error: object) -> None:
        """`send` is over; the connection is not."""


class _Aiosmtplib:
    """aiosmtplib with a loop of its own, on one kept connection."""

    def __init__(self, port: int) -> None:
        import aiosmtplib

        self._loop = asyncio.new_event_loop()
        self._client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, local_hostname="laptop.example.org", timeout=30,
            start_tls=False,
        )  # fmt: skip
        self._loop.run_until_complete(self._client.connect())
        self._loop.run_until_complete(self._client.ehlo())

    def send(self, messages: int) -> None:
        async def all_of_them() -> None:
            for _ in range(messages):
                await self._client.sendmail(ALICE, [BOB], CONTENT)

        self._loop.run_until_complete(all_of_them())

    def close(self) -> None:
        self._loop.run_until_complete(self._client.quit())
        self._loop.close()


def _resident() -> int:
    """Octets of memory that this process holds (Linux)."""
    gc.collect()
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _memory(port: int) -> None:
    """From the moment when the recorder is full: each message more must cost nothing."""

    def step_by_step(client: Client) -> None:
        for _ in range(MESSAGES):
            client.mail(ALICE)
            client.rcpt(BOB)
            client.data()
            client.content(CONTENT)

    def pipelined(client: Client) -> None:
        kept = _Kept(client)
        assert send([MAIL] * MESSAGES, kept.take, progress=_quiet).is_complete

    for how, send_some in (("step by step", step_by_step), ("by send()", pipelined)):
        client = _greeted(port)
        seen: list[int] = []
        for number in range(0, MANY, MESSAGES):
            if number in (MANY // 4, MANY // 2):
                seen.append(_resident())
            send_some(client)
        seen.append(_resident())
        kept, total = len(client.transcript.events), len(client.transcript)
        client.close()
        print(f"    {MANY} messages {how}: {kept} events kept of {total}, and the rest counted")
        growth = (seen[-1] - seen[0]) / 2**20
        figure = f"{growth:+.1f} MiB, {seen[-1] / 2**20:.0f} MiB in all"
        what = f"memory from message 25,000 to 100,000, {how}"
        report(what, figure, "flat: under 4 MiB", growth < 4)
