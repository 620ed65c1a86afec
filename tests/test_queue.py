"""The queue by itself: who is due when, in which order, and what a long one costs."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from smtplab import Envelope, MailObject, Sandbox
from smtplab.sandbox.clock import START
from smtplab.sandbox.queue import GIVE_UP_AFTER, RETRY_AFTER, Queue, QueueItem
from smtplab.sandbox.store import MemoryStore
from tests.mta_world import BOB, MSA, MX, put


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock, MemoryStore())


def take(queue: Queue, host: str = MSA, **parameters: str) -> str:
    names = {name.replace("_", "-"): value for name, value in parameters.items()}
    mail = MailObject(Envelope("a@example.org", (BOB,), names), b"")
    return queue.put(host, queue.next_id(host), mail)


def defer(queue: Queue, item: QueueItem) -> bool:
    """One more attempt failed; False if there is no time for another."""
    again = queue.next_attempt(item)
    if again is not None:
        queue.defer(item, again)
    return again is not None


def test_ids_count_at_each_host_and_below_each_item(queue: Queue) -> None:
    assert [take(queue), take(queue), take(queue, MX)] == ["q1", "q2", "q1"]
    assert [queue.next_id(MSA, "q1"), queue.next_id(MSA, "q1")] == ["q1.1", "q1.2"]
    assert queue.next_id(MX, "q1") == "q1.1"
    assert [(item.host, item.id) for item in queue.items] == [(MSA, "q1"), (MSA, "q2"), (MX, "q1")]


def test_the_first_stays_the_first_until_something_became_of_it(queue: Queue) -> None:
    take(queue), take(queue)
    first = queue.due()
    assert first is not None and first is queue.due() and first.id == "q1"
    queue.done(first)
    second = queue.due()
    assert second is not None and second.id == "q2"
    defer(queue, second)
    assert queue.due() is None and queue.next_due() == START + RETRY_AFTER[0]


def test_what_was_put_off_comes_before_what_came_later(queue: Queue, clock: Clock) -> None:
    take(queue)
    late = queue.due()
    assert late is not None and defer(queue, late)
    clock.now += timedelta(minutes=30)
    take(queue)
    assert queue.due() is late


def test_the_waits_grow_and_end_after_five_days(queue: Queue, clock: Clock) -> None:
    """RFC 5321, 4.5.4.1."""
    take(queue)
    item = queue.due()
    assert item is not None
    waits = []
    while defer(queue, item):
        waits.append(item.next_attempt - clock.now)
        clock.now = item.next_attempt
    assert waits[:4] == list(RETRY_AFTER) and set(waits[4:]) == {RETRY_AFTER[-1]}
    assert clock.now - START <= GIVE_UP_AFTER < clock.now + RETRY_AFTER[-1] - START


def test_the_time_that_a_sender_held_it_back_is_not_taken_off(queue: Queue, clock: Clock) -> None:
    take(queue, HOLDFOR="864000")
    (item,) = queue.items
    assert item.gives_up_at == START + timedelta(days=10) + GIVE_UP_AFTER
    clock.now += timedelta(days=10)
    assert queue.due() is item and defer(queue, item)


def calls_in(action: Callable[[], object]) -> int:
    """How many functions an action calls: a measure that no other program disturbs."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def test_a_long_queue_costs_no_more_an_item_than_a_short_one() -> None:
    """A thousand waiting mails are an ordinary morning; with a scan for each it would be a million
    looks."""

    def work(items: int) -> None:
        clock = Clock()
        queue = Queue(clock, MemoryStore())
        for n in range(items):
            take(queue, MT_PRIORITY=str(n % 9))
        for _ in range(3):
            while (item := queue.due()) is not None:
                defer(queue, item)
                queue.next_due()
            clock.now += timedelta(hours=4)
        while (item := queue.due()) is not None:
            queue.done(item)

    short, long = calls_in(lambda: work(100)), calls_in(lambda: work(1000))
    assert long < 11 * short


def test_a_thousand_mails_reach_one_host_through_the_whole_sandbox() -> None:
    with Sandbox("memory") as sandbox:
        sandbox.zones.fail("example.net")
        world = sandbox._world
        mail = MailObject(Envelope("alice@example.org", (BOB,)), b"Subject: x\r\n\r\n")
        for _ in range(1000):
            world.queue.put(MSA, world.queue.next_id(MSA), mail)
        assert len(sandbox.queue) == 1000
        sandbox.zones.mend("example.net")
        sandbox.clock.advance(timedelta(minutes=30))
        assert not sandbox.queue and len(sandbox.inbox(BOB)) == 1000


def test_a_report_for_nobody_at_a_host_without_postmaster_is_kept_as_an_error() -> None:
    with Sandbox("memory") as sandbox:
        sandbox._world.hosts[MX].domains = ()
        put(sandbox, "nobody@example.org", sender="", host=MX)
        (error,) = sandbox.errors
        assert "can go neither on nor back" in str(error) and not sandbox.queue


def test_an_error_in_what_follows_an_attempt_does_not_jam_the_queue() -> None:
    """A setting that is no time is an error each time that it is looked at."""
    with Sandbox("memory") as sandbox:
        sandbox.policy(MSA).delay_notice = "soon"  # type: ignore[assignment]
        sandbox.zones.fail("example.net")
        put(sandbox)
        put(sandbox, "carol@example.org")
        assert len(sandbox.inbox("carol@example.org")) == 1
        assert [type(error) for error in sandbox.errors] == [TypeError, TypeError]
        sandbox.zones.mend("example.net")
        sandbox.clock.advance(timedelta(hours=2))
        assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue
