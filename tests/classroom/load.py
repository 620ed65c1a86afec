"""How a class weighs on a machine: memory a learner, and how long a step takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, quantiles

from tests.classroom.hub import Hub
from tests.classroom.processes import is_kernel, memory, processes, processor_time
from tests.classroom.student import Student
from tests.kernels import NOTEBOOKS, run_notebook

MEGABYTE = 2**20


@dataclass(frozen=True)
class Figures:
    """What one class took. Memory is proportional set size, in megabytes."""

    students: int
    server: float  # of one learner
    kernel: float  # of one open notebook
    hub: float  # hub and proxy together
    processor: float  # seconds of one learner, from the start of the server to the last cell
    steps: tuple[float, ...]  # seconds of each cell of each learner

    @property
    def p50(self) -> float:
        return _milliseconds(self.steps, 50)

    @property
    def p95(self) -> float:
        return _milliseconds(self.steps, 95)


def _milliseconds(steps: Sequence[float], percent: int) -> float:
    return 1000 * quantiles(steps, n=100, method="inclusive")[percent - 1]


def first_notebooks(count: int) -> list[str]:
    """The first lessons, by name."""
    return sorted(path.name for path in NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))[:count]


async def run_class(
    hub: Hub,
    students: Sequence[Student],
    notebooks: Sequence[str],
    think: float = 0.0,
    step_done: Callable[[], object] = lambda: None,
) -> Figures:
    """All run the same notebooks at the same time, each cell as soon as they have thought.

    Each learner keeps one notebook open at a time; the last one stays open, to be weighed.
    """
    steps: list[float] = []

    async def learn(student: Student) -> None:
        for notebook in notebooks:
            await student.close_notebooks()
            kernel = await student.open(notebook)
            async for seconds in run_notebook(kernel, notebook):
                steps.append(seconds)
                step_done()
                if think:
                    await asyncio.sleep(think)
            kernel.close()

    await asyncio.gather(*map(learn, students))
    return weigh(hub, students, steps)


def weigh(hub: Hub, students: Sequence[Student], steps: Sequence[float]) -> Figures:
    """What everybody's processes take now."""
    everything = set(processes(hub.mark))
    servers: list[float] = []
    kernels: list[float] = []
    seconds = 0.0
    for student in students:
        for pid in processes(hub.mark, student.name):
            everything.discard(pid)
            seconds += processor_time(pid)
            (kernels if is_kernel(pid) else servers).append(memory(pid) / MEGABYTE)
    rest = sum(memory(pid) for pid in everything) / MEGABYTE
    count = len(students)
    return Figures(
        students=count,
        server=sum(servers) / count,
        kernel=mean(kernels or [0.0]),
        hub=rest,
        processor=seconds / count,
        steps=tuple(steps),
    )
