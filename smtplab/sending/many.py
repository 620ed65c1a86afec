"""Many mail objects over one or several connections, with nothing lost and nothing doubled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event

from smtplab.client import Client
from smtplab.errors import Interrupted, SMTPLabError
from smtplab.mail_object import MailObject
from smtplab.sending.courier import Courier, Numbered
from smtplab.sending.report import Fate, SendReport, Sent

MAX_FAILURES = 3  # connections in a row that carried nothing; then this sender gives up
LOOK_EVERY = 0.2  # seconds between two looks of the progress bar, and at the stop button
BAR_AFTER = 2.0  # seconds; shorter work needs no progress bar

Progress = Callable[[int, int], None]
"""Told how many mail objects have a fate, and how many there are."""


class SendInterrupted(Interrupted):
    """Sending was interrupted; `report` says what was sent, what was not, and what is in doubt."""

    def __init__(self, report: SendReport) -> None:
        super().__init__(repr(report))
        self.report = report


def send(
    mails: Iterable[MailObject],
    connect: Callable[[], Client],
    *,
    connections: int = 1,
    progress: Progress | None = None,
) -> SendReport:
    """Send mail objects and report the fate of each.

    `connect` gives a client that is ready for MAIL, each time it is called: greeted, and signed
    in where that is asked for. Where PIPELINING is offered each mail object costs one round trip
    (RFC 2920). When a connection breaks, a new one carries on; a mail object whose content went
    out without a reply is in doubt and not sent again, because that might deliver it twice
    (RFC 5321, 6.1; RFC 1047). Long work shows a progress bar; `progress` takes its place.

    Raises no error of the connection: each fate says what happened. Raises `SendInterrupted` on
    the stop button or Ctrl-C.
    """
    work = _Work(list(mails))
    with _shown(progress, len(work.mails)) as tell:
        try:
            if connections == 1:
                work.run(connect, tell)
            else:
                _run_all(work, connect, connections, tell)
        except KeyboardInterrupt:
            raise SendInterrupted(work.report("it was interrupted")) from None
        finally:
            tell(work.done)
    return work.report(work.why)


class _Work:
    """What is left to do, shared by all connections."""

    def __init__(self, mails: list[MailObject]) -> None:
        self.mails = mails
        self.stopped = Event()
        self.why = ""  # the last error that kept a mail object from being sent
        self._waiting: deque[Numbered] = deque(enumerate(mails))
        self._fates: dict[int, Sent] = {}

    @property
    def done(self) -> int:
        return len(self._fates)

    def report(self, why: str) -> SendReport:
        return SendReport(
            [
                self._fates.get(number) or Sent(mail, Fate.NOT_SENT, why=why)
                for number, mail in enumerate(self.mails)
            ]
        )

    def run(self, connect: Callable[[], Client], tell: Callable[[int], object]) -> None:
        """One connection after the other, until nothing waits or too many failed in a row."""
        failures, fates = 0, self._fates

        def note(number: int, sent: Sent) -> None:
            nonlocal failures
            failures = 0
            fates[number] = sent
            tell(len(fates))

        while self._waiting and failures < MAX_FAILURES and not self.stopped.is_set():
            failures += 1
            courier = None
            try:
                with connect() as client:
                    courier = Courier(client, note)
                    courier.carry(self._take())
            except SMTPLabError as error:
                self.why = str(error)
            finally:
                if courier is not None:
                    self._waiting.extendleft(reversed(courier.unsent))

    def _take(self) -> Iterator[Numbered]:
        while not self.stopped.is_set():
            try:
                yield self._waiting.popleft()
            except IndexError:  # another connection was quicker
                return


def _run_all(
    work: _Work, connect: Callable[[], Client], connections: int, tell: Callable[[int], None]
) -> None:
    """One thread a connection; only this one shows progress."""
    with ThreadPoolExecutor(connections, "smtplab-send") as pool:
        runs: set[Future[None]] = {
            pool.submit(work.run, connect, lambda done: None) for _ in range(connections)
        }
        try:
            while runs:
                ended, runs = wait(runs, LOOK_EVERY)
                tell(work.done)
                for run in ended:
                    run.result()
        except BaseException:
            work.stopped.set()  # each connection ends after what it has made ready
            raise


class _shown:
    """The progress bar, unless somebody else shows the progress."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total

    def __enter__(self) -> Callable[[int], None]:
        if self._progress is not None:
            progress = self._progress
            return lambda done: progress(done, self._total)
        from tqdm.auto import tqdm

        self._bar = tqdm(total=self._total, delay=BAR_AFTER, unit=" mail objects", leave=False)
        return lambda done: self._bar.update(done - self._bar.n) and None

    def __exit__(self, *error: object) -> None:
        if self._progress is None:
            self._bar.close()
