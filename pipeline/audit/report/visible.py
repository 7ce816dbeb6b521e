"""Text that others wrote, made safe to read: nothing hidden, nothing reordered, nothing endless."""

import re

from markupsafe import Markup, escape

MAX_CHARS = 600
"""Of one text; a report shows beginnings, the review page shows all."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    "\ud800-\udfff]"
)
"""C0 but tab and newline, DEL, C1, direction marks, marks without width, line separators, halves
of characters: as on the review page."""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&@$]|:(?=//)|(?<=www)\.|^[-+#=](?=\s|$))", re.IGNORECASE)
"""What begins a mark, a link, an entity, a formula or a mention, wherever it stands."""


def visible(text: str, max_chars: int = MAX_CHARS) -> str:
    """Return a text on one line with a sign such as `U+202E` for each character one cannot see."""
    return _HIDDEN.sub(lambda found: _sign(found[0]), _start(text, max_chars))


def to_html(text: str, max_chars: int = MAX_CHARS) -> Markup:
    """Return the text as an isolated element of its own direction, signs set apart."""
    start = _start(text, max_chars)
    parts, end = [], 0
    for found in _HIDDEN.finditer(start):
        sign = Markup('<span class="hidden-sign">{}</span>').format(_sign(found[0]))
        parts += [escape(start[end : found.start()]), sign]
        end = found.end()
    parts.append(escape(start[end:]))
    return Markup('<bdi dir="auto" class="text">{}</bdi>').format(Markup("").join(parts))


def to_markdown(text: str, max_chars: int = MAX_CHARS) -> str:
    """Return the text for a cell of a table or the middle of a line: it marks nothing up."""
    return escape_markdown(visible(text, max_chars))


def escape_markdown(text: str) -> str:
    """Return a text that has nothing to hide so that it marks nothing up."""
    return _MARKDOWN.sub(r"\\\1", text)


def _start(text: str, max_chars: int) -> str:
    # Cut twice: a megabyte need not be split into words.
    line = " ".join(text[: 4 * max_chars].split())
    if len(line) <= max_chars and len(text) <= 4 * max_chars:
        return line
    return f"{line[:max_chars].rstrip()}… ({len(text):,} characters)"


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"U+{code:04X}"
