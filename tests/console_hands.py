"""Presses, types into and reads a console as the front end would, without one."""

import re

TO_A_TRANSACTION = "EHLO STARTTLS EHLO AUTH MAIL RCPT".split()


def click(console, verb):
    """What a click does, errors and all."""
    console._palette[verb].click()


def type_(console, text):
    """What typing does: the front end sets the value."""
    console._input.value = text


def page(console):
    """Everything that the front end is given to show."""
    chunks = [chunk.value for _, chunk in sorted(console._log._chunks.items())]
    return "".join([console._bar.value, *chunks, console._explanation.value, console._legend.value])


def said(console):
    """The conversation as (who, line) pairs, read from the page."""
    rows = "".join(chunk.value for _, chunk in sorted(console._log._chunks.items()))
    pairs = re.findall(r"<b>([CS])</b><div>(.*?)</div><span", rows, re.DOTALL)
    return [(who, re.sub(r"<[^>]+>", "", lines).strip()) for who, lines in pairs]


def texts(console):
    return [line for _, line in said(console)]
