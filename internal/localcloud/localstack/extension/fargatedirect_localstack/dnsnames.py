"""Route 53's way of writing and ordering domain names."""

import re

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPE = re.compile(r"\\([0-7]{3})")


def plain(name: str) -> str:
    """A name in lower case with a dot at the end and all escapes undone."""
    name = _ESCAPE.sub(lambda m: chr(int(m.group(1), 8)), name).lower()
    return name if name.endswith(".") else name + "."


def normalize(name: str) -> str:
    """A name as Route 53 lists it: everything unusual, such as "*", is a
    backslash and three octal digits."""
    return "".join(c if c in _PLAIN else f"\\{ord(c):03o}" for c in plain(name))


def order(name: str) -> str:
    """What Route 53 sorts by: the labels reversed, a dot after each."""
    return ".".join(reversed(plain(name)[:-1].split("."))) + "."


def within(name: str, zone: str) -> bool:
    """Whether a name lies in a zone. Both may be written in any way."""
    name, zone = plain(name), plain(zone)
    return name == zone or name.endswith("." + zone)
