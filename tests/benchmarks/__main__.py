"""`python -m tests.benchmarks`: speed as ratios against peers in the same run."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from statistics import median as median_of

from smtplab import Client, Console, Sandbox
from tests.benchmarks.in_browser import in_browser
from tests.benchmarks.measure import in_turn, repeated, report, timed
from tests.benchmarks.peers import RESPONDER, peer
from tests.benchmarks.sending import sending
from tests.benchmarks.servers import large_content, peers_table, throughput
from tests.benchmarks.tab import browser_tab

ROUNDS = 25
CONTENT = b"Subject: speed\r\n\r\n" + (b"x" * 62 + b"\r\n") * 16


def client_steps() -> None:
    """Each step of our recording client against the same step of smtplib, same server, same
    time limit."""
    times = 100
    mailbox = "alice@example.org"
    with peer(RESPONDER) as ours, peer(RESPONDER) as theirs:
        client = Client.connect("127.0.0.1", ours)
        peer_client = smtplib.SMTP(
            "127.0.0.1", theirs, local_hostname="laptop.example.org", timeout=30
        )
        steps: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "EHLO": (client.ehlo, peer_client.ehlo),
            "MAIL": (lambda: client.mail(mailbox), lambda: peer_client.mail(mailbox)),
            "RCPT": (lambda: client.rcpt(mailbox), lambda: peer_client.rcpt(mailbox)),
            "DATA": (
                lambda: (
                    client.mail(mailbox),
                    client.rcpt(mailbox),
                    client.data(),
                    client.content(CONTENT),
                ),
                lambda: (
                    peer_client.mail(mailbox),
                    peer_client.rcpt(mailbox),
                    peer_client.data(CONTENT),
                ),
            ),
            "RSET": (client.rset, peer_client.rset),
            "NOOP": (client.noop, peer_client.noop),
        }
        runs = {
            (verb, who): repeated(step, times)
            for verb, pair in steps.items()
            for who, step in zip(("smtplab", "smtplib"), pair, strict=True)
        }
        measured = in_turn(runs, ROUNDS)
        client.close()
        peer_client.close()
    for verb in steps:
        microseconds = measured.median((verb, "smtplab")) / times * 1e6
        ratio = measured.ratio((verb, "smtplab"), (verb, "smtplib"))
        print(f"    {verb}: {microseconds:.0f} µs, ratio {ratio:.2f}")
    ratio = sum(measured.median((verb, "smtplab")) for verb in steps) / sum(
        measured.median((verb, "smtplib")) for verb in steps
    )
    report(
        "recorded client steps against smtplib's", f"ratio {ratio:.2f}", "at most 1.00", ratio <= 1
    )


def import_time() -> None:
    """`import smtplab` in a fresh interpreter, without what the interpreter itself takes."""

    def start(statement: str) -> Callable[[], object]:
        return partial(subprocess.run, [sys.executable, "-c", statement], check=True)

    measured = in_turn({"bare": start("pass"), "smtplab": start("import smtplab")}, 9)
    milliseconds = (measured.median("smtplab") - measured.median("bare")) * 1e3
    report("import smtplab", f"{milliseconds:.0f} ms", "under 100 ms", milliseconds < 100)


def sandbox_start() -> None:
    """`Sandbox().start()` once it is imported."""
    times = []
    for _ in range(ROUNDS):
        sandbox = Sandbox("tcp")
        times.append(timed(sandbox.start))
        sandbox.stop()
    milliseconds = median_of(times) * 1e3
    report("Sandbox().start()", f"{milliseconds:.1f} ms", "under 50 ms", milliseconds < 50)


def console_step() -> None:
    """A console step when it shows few lines, and when it has recorded 10,000."""
    few, many = 10, 10_000
    with Sandbox("memory") as sandbox:
        short, long = Console(sandbox), Console(sandbox)
        for _ in range(many // 2):
            long.send("NOOP")

        def steps_from_the_start() -> None:
            short.start_over()
            for _ in range(few // 2):
                short.send("NOOP")

        def steps_at_the_end() -> None:
            assert long.client is not None
            long.client.noop()  # stands for the connection that the other one makes
            for _ in range(few // 2):
                long.send("NOOP")

        measured = in_turn({"few": steps_from_the_start, "many": steps_at_the_end}, ROUNDS)
    ratio = measured.ratio("many", "few")
    figure = f"{measured.median('many') / few * 2e3:.1f} ms, ratio {ratio:.2f}"
    report("a console step at 10,000 lines, against 10", figure, "flat: at most 1.10", ratio <= 1.1)


def main() -> None:
    print("Speed, as ratios in one run on this machine: medians of short runs in turn\n")
    for part in (
        client_steps,
        sending,
        throughput,
        large_content,
        peers_table,
        import_time,
        sandbox_start,
        console_step,
        in_browser,
        browser_tab,
    ):
        part()


if __name__ == "__main__":
    main()
