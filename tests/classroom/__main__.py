"""`python -m tests.classroom`: classes of 1, 2, 4 ... learners on a real JupyterHub, measured."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from tests.classroom.hub import Hub, jupyterhub
from tests.classroom.load import Figures, first_notebooks, run_class
from tests.classroom.processes import processes
from tests.classroom.student import Student
from tests.kernels import cells

ROOM_TO_LEAVE = 0.8  # of the memory that is free
AT_THE_DOOR = 4  # servers that start at the same time; more would only wait for each other
A_STUDENT = 250  # megabytes, before the first class was weighed

HEAD = """\
| Learners | Servers start | Server | Open notebook | Hub, proxy | Processor | Step, p50 | p95 |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def sizes(most: int) -> Iterator[int]:
    """1, 2, 4 ... and at last the number that was asked for."""
    size = 1
    while size < most:
        yield size
        size *= 2
    yield most


def available() -> float:
    """Free memory in megabytes (proc(5), meminfo)."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1024


def held(size: int, notebooks: list[str], think: float) -> tuple[float, Figures]:
    """One class from its beginning to its end: seconds until all servers ran, and what it took."""
    names = [f"learner{number}" for number in range(size)]

    async def lesson(hub: Hub) -> tuple[float, Figures]:
        students = [Student(hub, name) for name in names]

        door = asyncio.Semaphore(AT_THE_DOOR)

        async def arrive(student: Student) -> None:
            await student.sign_in()
            async with door:
                await student.start_server()

        begin = time.monotonic()
        await asyncio.gather(*map(arrive, students))
        started = time.monotonic() - begin
        count = size * sum(len(list(cells(notebook))) for notebook in notebooks)
        with tqdm(total=count, unit=" steps", desc=f"{size} learners", leave=False) as bar:
            figures = await run_class(hub, students, notebooks, think, bar.update)
        for student in students:
            student.close()
        return started, figures

    with tempfile.TemporaryDirectory() as folder:
        hub: Hub | None = None
        try:
            with jupyterhub(Path(folder), names, separate=os.geteuid() == 0) as hub:
                return asyncio.run(lesson(hub))
        finally:
            for pid in processes(hub.mark) if hub else ():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # a kernel that hangs in its own end


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.classroom", description=__doc__)
    parser.add_argument("--students", type=int, default=8, help="the largest class (8)")
    parser.add_argument("--notebooks", type=int, default=5, help="how many lessons they run (5)")
    think = "seconds that a learner thinks after each cell (0: the machine never rests)"
    parser.add_argument("--think", type=float, default=0.0, help=think)
    parser.add_argument("--only", action="store_true", help="that class alone, no smaller ones")
    args = parser.parse_args()
    notebooks = first_notebooks(args.notebooks)
    print(HEAD, flush=True)
    a_student = float(A_STUDENT)
    for size in [args.students] if args.only else sizes(args.students):
        if size * a_student > ROOM_TO_LEAVE * available():
            print(f"{size} learners do not fit into the {available():.0f} MB that are free")
            return
        started, got = held(size, notebooks, args.think)
        a_student = got.server + got.kernel
        print(
            f"| {size} | {started:.0f} s | {got.server:.0f} MB | {got.kernel:.0f} MB "
            f"| {got.hub:.0f} MB | {got.processor:.0f} s | {got.p50:.0f} ms | {got.p95:.0f} ms |",
            flush=True,
        )


if __name__ == "__main__":
    main()
