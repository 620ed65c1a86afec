"""The sandbox as a server against bare aiosmtpd and other servers, everything recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.measure import Runs, in_turn, report, timed
from tests.benchmarks.peers import (
    BARE_AIOSMTPD,
    MAILDEV,
    NPM_SMTP_SERVER,
    SANDBOX,
    BareSender,
    Peer,
    running,
    smtp_sink,
)
from tests.tools import find_module, find_tool

ROUNDS = 25
Case = tuple[int, Callable[[BareSender, int], None], float]

CASES: dict[str, Case] = {  # messages or connections, how, and the ratio that is wanted
    "1 kB messages, on kept connections": (60, BareSender.send, 1.0),
    "1 kB messages, a new connection each": (30, BareSender.send_each_on_a_new_connection, 1.0),
    "new connections, greeting and QUIT": (60, BareSender.connect_only, 1.5),
}


def _senders(peers: dict[str, Peer]) -> dict[str, BareSender]:
    senders = {name: BareSender(server.port) for name, server in peers.items()}
    for sender in senders.values():
        sender.greet()
    return senders


def _measure(peers: dict[str, Peer], case: Case, rounds: int) -> Runs[str]:
    times, send, _ = case
    senders = _senders(peers)
    measured = in_turn({n: partial(send, one, times) for n, one in senders.items()}, rounds)
    for sender in senders.values():
        sender.close()
    return measured


def throughput() -> None:
    """Into the sandbox, recording and judging everything, against bare aiosmtpd."""
    with running(_python(SANDBOX)) as ours, running(_python(BARE_AIOSMTPD)) as theirs:
        for what, case in CASES.items():
            measured = _measure({"smtplab": ours, "aiosmtpd": theirs}, case, ROUNDS)
            ratio = measured.ratio("aiosmtpd", "smtplab")
            figure = f"{case[0] / measured.median('smtplab'):.0f} a second, ratio {ratio:.2f}"
            report(what, figure, f"ratio at least {case[2]:.2f}", ratio >= case[2])


def large_content() -> None:
    """50 MB over DATA in 76-column lines, in a fresh process each: time and the peak of memory.

    The fastest run counts: what other programs take of the machine is added to a run, never taken
    off, and a server that waits for its client once a block feels it more than one that computes.
    """
    size = 50 * 2**20
    content = b"Subject: large\r\n\r\n" + (b"x" * 74 + b"\r\n") * (size // 76) + b".\r\n"
    times: dict[str, list[float]] = {SANDBOX: [], BARE_AIOSMTPD: []}
    worked: dict[str, list[float]] = {SANDBOX: [], BARE_AIOSMTPD: []}
    peak = 0.0
    for _ in range(7):
        for program, runs in times.items():
            with running(_python(program)) as server:
                sender = BareSender(server.port)
                sender.greet()
                sender.send(1)  # what is imported late is there now
                before, work = server.peak_memory, server.processor_time
                runs.append(timed(partial(sender.send, 1, content)))
                worked[program].append(server.processor_time - work)
                if program == SANDBOX:
                    peak = max(peak, (server.peak_memory - before) / size)
                sender.close()
    for what, seconds in (("50 MB of mail data", times), ("its time of processor", worked)):
        ours, theirs = min(seconds[SANDBOX]), min(seconds[BARE_AIOSMTPD])
        ratio = theirs / ours
        report(what, f"{ours:.2f} s, ratio {ratio:.1f}", "at least 10", ratio >= 10)
    figure = f"{peak:.2f} times the content"
    report("its peak of memory", figure, "at most 2.50", peak <= 2.5)


def peers_table() -> None:
    """The same octets into other servers; those that are missing here are left out."""
    with ExitStack() as stack:
        peers = {
            "smtplab": stack.enter_context(running(_python(SANDBOX))),
            "aiosmtpd": stack.enter_context(running(_python(BARE_AIOSMTPD))),
        }
        node = find_tool("node")
        for name, package, program in (
            ("npm smtp-server", "smtp-server", NPM_SMTP_SERVER),
            ("MailDev", "maildev", MAILDEV),
        ):
            if node and (folder := find_module(package)):
                server = running([node, "-e", program], NODE_PATH=folder)
                peers[name] = stack.enter_context(server)
        if sink := find_tool("smtp-sink"):
            peers["smtp-sink"] = stack.enter_context(smtp_sink(sink))
        for what, case in CASES.items():
            measured = _measure(peers, case, ROUNDS // 3)
            figures = (f"{name} {case[0] / measured.median(name):.0f}" for name in peers)
            print(f"    {what}, a second: {', '.join(figures)}", flush=True)
        print("    (npm smtp-server, which MailDev uses, waits 100 ms before it greets)")


def _python(program: str) -> list[str]:
    return [sys.executable, "-c", program]
