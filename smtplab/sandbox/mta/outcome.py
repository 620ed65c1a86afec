"""What became of one forward-path in one attempt."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.replies import Reply


@dataclass(frozen=True)
class Outcome:
    """A reply, from the next host or from us."""

    forward_path: str
    reply: Reply
    remote: str = ""  # the host that gave the reply; "" for our own
    promises_dsn: bool = False  # the next host offers DSN, and reports what happens there
    way: str = ""  # how it was delivered, where that needs a word: "expanded"
    via: str = ""  # the connection, if there was one
    of_host: bool = False  # it concerns the host and not the mail: another MX may say otherwise

    @property
    def is_delivered(self) -> bool:
        return self.reply.code < 400

    @property
    def result(self) -> str:
        """In the words of the trail."""
        if self.is_delivered:
            return self.way or ("relayed" if self.remote else "delivered")
        return "deferred" if self.is_transient else "failed"

    @property
    def is_transient(self) -> bool:
        return 400 <= self.reply.code < 500


def refusal(code: int, text: str) -> Reply:
    """A reply of our own, of one line: an enhanced status code and a sentence.

    >>> str(refusal(550, "5.1.2 No such domain").enhanced)
    '5.1.2'
    """
    return Reply(code, (" ".join(text.split()).encode("utf-8", "backslashreplace"),))


class HostRefusal(Exception):
    """This host gets nothing; the next one in the route may."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.reply = refusal(code, text)
