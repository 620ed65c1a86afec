"""`python -m tests.benchmarks`: speed as ratios against peers in the same run."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Callable

from smtplab import Client, Sandbox
from tests.benchmarks.measure import in_turn, report, timed
from tests.benchmarks.peers import BARE_AIOSMTPD, RESPONDER, SANDBOX, BareSender, peer

ROUNDS = 25


def client_step() -> bool:
    """A step of our recording client against the same step of smtplib."""
    steps = 200
    with peer(RESPONDER) as ours, peer(RESPONDER) as theirs:
        client = Client.connect("127.0.0.1", ours)
        name = "laptop.example.org"
        peer_client = smtplib.SMTP("127.0.0.1", theirs, local_hostname=name, timeout=30)
        median = in_turn(
            {
                "smtplab": lambda: [client.noop() for _ in range(steps)],
                "smtplib": lambda: [peer_client.noop() for _ in range(steps)],
            },
            ROUNDS * 2,
        )
        client.close()
        peer_client.close()
    ratio = median["smtplab"] / median["smtplib"]
    figure = f"{median['smtplab'] / steps * 1e6:.0f} µs, ratio {ratio:.2f}"
    return report("a recorded client step against smtplib's", figure, "ratio at most 1.00", ratio <= 1)


def sandbox_throughput() -> bool:
    """Messages a second into the sandbox, recording everything, against bare aiosmtpd."""
    holds = True
    cases: dict[str, tuple[int, Callable[[BareSender, int], None]]] = {
        "on kept connections": (60, BareSender.send),
        "with a new connection each": (30, BareSender.send_each_on_a_new_connection),
    }
    with peer(SANDBOX) as ours, peer(BARE_AIOSMTPD) as theirs:
        for what, (messages, send) in cases.items():
            senders = {"smtplab": BareSender(ours), "aiosmtpd": BareSender(theirs)}
            median = in_turn(
                {
                    name: lambda sender=sender: send(sender, messages)  # type: ignore[misc]
                    for name, sender in senders.items()
                },
                ROUNDS,
            )
            for sender in senders.values():
                sender.close()
            ratio = median["aiosmtpd"] / median["smtplab"]
            figure = f"{messages / median['smtplab']:.0f} a second, ratio {ratio:.2f}"
            holds &= report(
                f"1 kB messages into the sandbox, {what}", figure, "ratio at least 1.00", ratio >= 1
            )
    return holds


def import_time() -> bool:
    """`import smtplab` in a fresh interpreter, without what the interpreter itself takes."""

    def start(statement: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True)

    median = in_turn({"bare": start("pass"), "smtplab": start("import smtplab")}, 9)
    milliseconds = (median["smtplab"] - median["bare"]) * 1e3
    return report("import smtplab", f"{milliseconds:.0f} ms", "under 100 ms", milliseconds < 100)


def sandbox_start() -> bool:
    """`Sandbox().start()` once it is imported."""
    times = []
    for _ in range(ROUNDS):
        sandbox = Sandbox("tcp")
        sandbox.stop()
        times.append(timed(lambda: times and None))
        times[-1] = timed(lambda: _started_and_stopped())
    milliseconds = sorted(times)[len(times) // 2] * 1e3
    return report(
        "Sandbox().start() and stop(), once imported", f"{milliseconds:.0f} ms", "under 50 ms",
        milliseconds < 50,
    )  # fmt: skip


def _started_and_stopped() -> None:
    Sandbox("tcp").start().stop()


def console_step() -> bool:
    from smtplab import Console

    """A console step with 10 recorded lines and with 10,000."""
    with Sandbox("memory") as sandbox:
        short, long = Console(sandbox), Console(sandbox)
        for _ in range(5_000):
            long.model.client.noop()
        long.send("NOOP")  # takes in what was recorded meanwhile
        median = in_turn(
            {
                "short": lambda: (short.start_over(), [short.send("NOOP") for _ in range(5)]),
                "long": lambda: [long.send("NOOP") for _ in range(5)],
            },
            ROUNDS,
        )
    ratio = median["long"] / median["short"]
    return report("a console step at 10,000 lines against 10", f"ratio {ratio:.2f}", "at most 1.3", ratio <= 1.3)


def main() -> int:
    print("Speed, as ratios in one run on this machine (medians of short runs in turn)\n")
    parts = (client_step, sandbox_throughput, import_time, sandbox_start, console_step)
    missed = [part.__name__ for part in parts if not part()]
    print(f"\n{len(missed)} missed: {', '.join(missed)}" if missed else "\nall hold")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
