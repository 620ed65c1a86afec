"""`python -m tests`: lint, types, notebooks, tests and coverage, with a summary at the end."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CORE = (
    "errors grammar replies commands extensions line_rules mail_object sasl session "
    "transcript transport client dialogue guard step_reply"
).split()
"""The parts whose lines must nearly all be run by the tests."""

CORE_PERCENT = 95

WORKERS = str(min(4, max(2, os.cpu_count() or 2)))
"""One notebook or test file at a time each; `loadfile` keeps the cells of a notebook together."""

SPREAD = ("-n", WORKERS, "--dist", "loadfile")

NBVAL = (
    "--nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg "
    "--nbval-cell-timeout 180 -p tests.nbval_kernels"
).split()


@dataclass(frozen=True)
class Step:
    """One check: its name in the summary, and what Python is to run."""

    name: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a step ended, and the last line it said."""

    step: Step
    code: int
    seconds: float
    last_line: str


def steps(pytest_arguments: Sequence[str]) -> list[Step]:
    """Every check in order, the longest last."""
    core = [f"smtplab/{name}.py" for name in CORE] + [f"smtplab/{name}/*" for name in CORE]
    notebooks = ("-m", "pytest", *NBVAL, *SPREAD, "notebooks")
    judge = ("-m", "coverage", "report", f"--include={','.join(core)}")
    return [
        Step("ruff check", ("-m", "ruff", "check", ".")),
        Step("ruff format", ("-m", "ruff", "format", "--check", ".")),
        Step("mypy", ("-m", "mypy")),
        Step("notebooks", notebooks),
        Step("the same in memory", notebooks, (("SMTPLAB_TRANSPORT", "memory"),)),
        Step("tests", ("-m", "pytest", *SPREAD, "--cov", "--cov-report=", *pytest_arguments)),
        Step("core coverage", (*judge, f"--fail-under={CORE_PERCENT}")),
    ]


def run(step: Step) -> Outcome:
    """Run one check, passing its output on as it comes."""
    print(f"\n== {step.name}", flush=True)
    begin, last_line = time.monotonic(), ""
    with subprocess.Popen(
        [sys.executable, *step.arguments],
        cwd=ROOT,
        env=os.environ | dict(step.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            last_line = line.strip() or last_line
    return Outcome(step, process.returncode, time.monotonic() - begin, last_line)


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line a step; pytest's own last line stays readable, and that of the tests is the end."""
    lines = ["", "== summary"]
    for outcome in sorted(outcomes, key=lambda outcome: outcome.step.name == "tests"):
        word = "ok  " if outcome.code == 0 else "FAIL"
        name, last_line = outcome.step.name, outcome.last_line.strip("= ")
        lines.append(f"{word} {name:<18} {outcome.seconds:6.1f} s   {last_line}")
    return "\n".join(lines)


def main(pytest_arguments: Sequence[str]) -> int:
    """Run every step, also after one has failed; 1 if any did."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COVERAGE_FILE"] = str(Path(folder) / "coverage")
        outcomes = [run(step) for step in steps(pytest_arguments)]
    print(summary(outcomes), flush=True)
    return int(any(outcome.code for outcome in outcomes))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        code = 130
    raise SystemExit(code)
