"""Usernames as SASL prepares and writes them (RFC 4013; RFC 5802, 5.1)."""

from __future__ import annotations


def prepare(text: str) -> str:
    """SASLprep (RFC 4013): what looks the same and means the same becomes the same.

    `ValueError` if `text` holds what it prohibits. The examples of RFC 4013, 3:

    >>> prepare("I\\u00adX"), prepare("\\u00aa"), prepare("\\u2168")
    ('IX', 'a', 'IX')
    """
    if text.isascii():
        if not text.isprintable():
            raise ValueError("a control character is prohibited (RFC 4013, 2.3)")
        return text
    import stringprep as tables  # with its Unicode of 3.2, so only where it is needed
    from unicodedata import ucd_3_2_0

    mapped = "".join(  # RFC 4013, 2.1
        " " if tables.in_table_c12(char) else char for char in text if not tables.in_table_b1(char)
    )
    result = ucd_3_2_0.normalize("NFKC", mapped)  # RFC 4013, 2.2
    prohibited = (  # RFC 4013, 2.3 and 2.5
        tables.in_table_c12, tables.in_table_c21_c22, tables.in_table_c3, tables.in_table_c4,
        tables.in_table_c5, tables.in_table_c6, tables.in_table_c7, tables.in_table_c8,
        tables.in_table_c9, tables.in_table_a1,
    )  # fmt: skip
    if any(is_in(char) for char in result for is_in in prohibited):
        raise ValueError("a character is prohibited or unassigned (RFC 4013, 2.3)")
    if any(tables.in_table_d1(char) for char in result):  # RFC 3454, 6: right to left
        is_mixed = any(tables.in_table_d2(char) for char in result)
        if is_mixed or not (tables.in_table_d1(result[0]) and tables.in_table_d1(result[-1])):
            raise ValueError("right-to-left text is mixed with left-to-right (RFC 3454, 6)")
    return result


def prepared(text: str) -> str:
    """As `prepare`, and `text` itself where that cannot be done: it goes out as asked."""
    try:
        return prepare(text)
    except ValueError:
        return text


def escape(name: str) -> str:
    """A name inside a message whose separators are commas and equals signs.

    >>> escape("a=b,c")
    'a=3Db=2Cc'
    """
    return name.replace("=", "=3D").replace(",", "=2C")


def unescape(saslname: str) -> str:
    """Back again; `ValueError` if an equals sign begins nothing that `escape` writes."""
    pieces = saslname.replace("=3D", "\0").replace("=2C", ",")
    if "=" in pieces or "\0" in saslname:
        raise ValueError("in a saslname = stands before 2C or 3D only (RFC 5802, 5.1)")
    return pieces.replace("\0", "=")
