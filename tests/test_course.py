"""The course of a connection: a coroutine run without a task, and how it ends."""

import asyncio
from collections.abc import Iterator

import pytest

from smtplab.sandbox.by_name import ByName
from smtplab.sandbox.course import NEXT_OCTETS, Course


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def turn(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop do what is ready."""
    loop.call_soon(loop.stop)
    loop.run_forever()


def test_it_runs_at_once_and_goes_on_in_the_call_that_says_that_octets_came(loop):
    said = []

    async def serve() -> None:
        said.append("greeting")
        await NEXT_OCTETS
        said.append("reply")

    course = Course(loop, serve())
    assert said == ["greeting"]
    course.octets_came()
    assert said == ["greeting", "reply"]
    course.octets_came()  # it has ended
    course.cancel()
    assert said == ["greeting", "reply"]


def test_octets_that_come_while_it_awaits_something_else_do_not_wake_it(loop):
    """A client that sends on during a delay would otherwise cut the delay short."""
    said: list[str] = []

    async def serve() -> None:
        await asyncio.sleep(0)
        said.append("later")

    course = Course(loop, serve())
    course.octets_came()
    assert said == []
    turn(loop)
    assert said == ["later"]


def test_the_error_of_a_future_reaches_the_coroutine(loop):
    async def serve() -> None:
        with pytest.raises(OSError, match="handshake"):
            await future
        said.append("told")

    said: list[str] = []
    future = loop.create_future()
    Course(loop, serve())
    future.set_exception(OSError("handshake"))
    turn(loop)
    assert said == ["told"]


def test_a_bare_turn_of_the_loop_may_be_awaited(loop):
    said: list[str] = []

    async def serve() -> None:
        await asyncio.sleep(0)
        said.append("after a turn")

    Course(loop, serve())
    assert said == []
    turn(loop)
    assert said == ["after a turn"]


def test_cancel_ends_it_where_it_waits_and_what_it_awaited_wakes_nobody(loop):
    said: list[str] = []

    async def serve() -> None:
        try:
            await future
        finally:
            said.append("cleaned up")
        said.append("went on")

    loop.set_exception_handler(lambda _, context: said.append(str(context)))
    future = loop.create_future()
    course = Course(loop, serve())
    course.cancel()
    future.set_result(None)
    turn(loop)
    assert said == ["cleaned up"]


def test_an_error_that_nobody_caught_is_told_to_the_loop(loop):
    """It would be lost without a word, and the client would wait for ever."""
    told: list[dict] = []
    loop.set_exception_handler(lambda _, context: told.append(context))

    async def serve() -> None:
        raise ValueError("a fault of ours")

    Course(loop, serve())
    assert [str(context["exception"]) for context in told] == ["a fault of ours"]


class Verbs:
    def smtp_MAIL(self) -> str:
        return "base"

    def smtp_RCPT(self) -> str:
        return "base"


class MoreVerbs(Verbs):
    def smtp_RCPT(self) -> str:
        return "more"

    def auth_PLAIN(self) -> str:
        return "not a verb"


def test_methods_are_found_by_name_and_the_nearest_class_wins():
    verbs = ByName(MoreVerbs(), "smtp_")
    assert set(verbs) == {"MAIL", "RCPT"} and len(verbs) == 2
    assert verbs["MAIL"]() == "base" and verbs["RCPT"]() == "more"
    assert "mail" not in verbs and verbs.get("DATA") is None
