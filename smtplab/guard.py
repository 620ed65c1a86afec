"""The guard rail in front of real servers: what may be dialled, and with what consent."""

from __future__ import annotations

from ipaddress import ip_address

from smtplab.errors import LocalProtocolError, check_text
from smtplab.transcript.passage import is_practice_host
from smtplab.transport import Network


def internet(host: str, *, real: bool, ip_version: int | None = None) -> Network:
    """The network of real servers, if `host` may be dialled; else `LocalProtocolError`."""
    if is_practice_host(host):
        raise LocalProtocolError(
            f"{host} is a reserved name or address, and no real server has it (RFC 2606, 5737); "
            "to reach the one in the sandbox, pass network=sandbox"
        )
    if not (real or is_loopback(host.lower().rstrip("."))):
        raise LocalProtocolError(
            f"{host} is a real server on the internet; pass real=True if you mean to reach it, "
            "or network=sandbox for the practice world"
        )
    if ip_version not in (None, 4, 6):
        raise LocalProtocolError(f"ip_version is 4, 6 or None, not {ip_version!r}")
    from smtplab.transport.tcp import Internet

    return Internet(ip_version)


def check_door(host: object, port: object) -> None:
    """TypeError for what is no name or no number; "587" in quotes would be a port nobody has.

    >>> check_door("smtp.example.org", "587")
    Traceback (most recent call last):
    TypeError: a port is a number without quotes, such as 587, not '587'
    """
    check_text(host, "a host")
    if not isinstance(port, int):
        raise TypeError(f"a port is a number without quotes, such as 587, not {port!r}")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its very spelling; no name is looked up.

    >>> is_loopback("127.0.0.1"), is_loopback("mail.example.org")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
