"""Captions taken apart into claims: sentences, or facts between semicolons.

A claim is a stretch of its text, so that between claims there is nothing but space and what
separates facts: no word is lost and none is judged twice.
"""

import re
from collections.abc import Iterator

from ...schemas.audit import Claim

CLAIMS_VERSION = 1
"""Raised when the same text gives other claims: ratings speak of claims by number."""
FACT_MODELS = frozenset({"facts"})
"""Captioners that state facts between semicolons, see `transforms/captions/sentence.py`."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that are divided by space, for tables of words."""
    return frozenset(text.split())


_END = re.compile(r"(?P<end>[.!?…]+)[\"'”’»)\]]*(?=\s|$)|(?P<wide>[。！？।؟]+)[」』”’»)）\]]*")  # noqa: RUF001
"""What may end a sentence; scripts that put no space after it have ends of their own."""
_LINE = re.compile(r"\n(?=[^\S\n]*(?:\n|[-*•–—]\s|\(?\d{1,3}[.)]\s|[^\W\d_a-z]))")  # noqa: RUF001
"""A line break before an empty line, a list's entry or a capital: no wrapped line."""
_NEXT = re.compile(r"\s*[\"'“‘«(\[]*([^\s\"'“‘«(\[]{0,20})")  # noqa: RUF001
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_NEVER_LAST = word_set(
    "mr mrs ms dr prof st mt sr jr gen col lt capt sgt rev hon vs fig figs approx ca cf eg ie al "
    "dept est min max vol e.g i.e"
)
"""Abbreviations that stand inside sentences, without their last full stop."""
_LAST_OR_NOT = word_set("etc inc ltd co corp a.m p.m am pm no p pp ft in lb oz sec hr cm mm")
"""Abbreviations that may also end one: what comes next decides."""
_STARTERS = word_set(
    "a an the this that these those it its he she they we you i his her their there then in on at "
    "as after before while when next finally later meanwhile another both some one two"
)
"""Words that start a sentence after something that may be an initial, such as `Vitamin C. The`."""
_QUOTES = {"“": "”", "«": "»", "„": "”", "「": "」", "『": "』"}


def states_facts(model: str | None) -> bool:
    """Tell whether the captioner states facts between semicolons."""
    return model in FACT_MODELS


def has_claims(text: str, *, is_facts: bool = False) -> bool:
    """Tell whether `split_claims` finds any, without taking the text apart."""
    return bool((text.replace(";", " ") if is_facts else text).strip())


def split_claims(text: str, *, is_facts: bool = False) -> tuple[Claim, ...]:
    """Take a text apart into claims.

    Args:
        text: any text, in any language.
        is_facts: split at semicolons outside of quotes, not at sentences.

    Returns:
        Its claims in order, none of them empty; none for a text of nothing but space, or of nothing
        but semicolons where it states facts.
    """
    spans = claim_spans(text, is_facts=is_facts)
    return tuple(Claim(number=n, text=text[start:end]) for n, (start, end) in enumerate(spans))


def claim_spans(text: str, *, is_facts: bool = False) -> list[tuple[int, int]]:
    """Return where the claims of a text lie, as half-open spans of characters in order."""
    quoted = quoted_characters(text)
    cuts = _fact_cuts(text, quoted) if is_facts else _sentence_cuts(text, quoted)
    spans: list[tuple[int, int]] = []
    start = 0
    for end, after in [*cuts, (len(text), len(text))]:
        trimmed = _trimmed(text, start, end)
        start = after
        if trimmed is None:
            continue
        if spans and not _says_something(text, trimmed):
            spans[-1] = (spans[-1][0], trimmed[1])  # `Wow. !!!` claims one thing
        elif spans and not _says_something(text, spans[-1]):
            spans[-1] = (spans[-1][0], trimmed[1])
        else:
            spans.append(trimmed)
    return spans


def _fact_cuts(text: str, quoted: bytearray) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r";+(?=\s|$)", text):
        if not quoted[match.start()]:
            yield match.span()


def _sentence_cuts(text: str, quoted: bytearray) -> Iterator[tuple[int, int]]:
    """Yield where a sentence ends and the next one may start."""
    is_all_lower = _is_all_lower(text)
    lines = ((match.start(), match.end()) for match in _LINE.finditer(text))
    ends = (
        (match.end(), match.end())
        for match in _END.finditer(text)
        if not quoted[match.end() - 1] and _is_end(text, match, is_all_lower=is_all_lower)
    )
    found = {cut[0]: cut for cut in (*lines, *ends) if not quoted[max(cut[0] - 1, 0)]}
    yield from (found[start] for start in sorted(found))


def _is_end(text: str, match: re.Match[str], *, is_all_lower: bool) -> bool:
    if match["wide"]:
        return True
    following = _next_word(text, match.end())
    if not following:
        return True
    if following[0].islower() and not is_all_lower:  # `3 min. later`, `"Stop!" he says`
        return False
    if match["end"] != ".":
        return True
    words = text[max(0, match.start() - 40) : match.start()].split()
    token = words[-1].lstrip("([\"'“‘") if words else ""  # noqa: RUF001
    return _ends_with(token, following, is_first=_is_first(text, match.start() - len(token)))


def _next_word(text: str, at: int) -> str:
    match = _NEXT.match(text, at)
    return match.group(1) if match else ""


def _ends_with(token: str, following: str, *, is_first: bool) -> bool:
    """Tell whether a full stop after `token` ends a sentence when `following` comes next."""
    word = token.lower()
    if word in _NEVER_LAST:
        return False
    if is_first and (word.isdigit() or (len(word) == 1 and word.isalpha())):
        return False  # `1. Pick up the cup`
    starter = re.sub(r"\W+$", "", following).lower() in _STARTERS
    is_initial = len(token) == 1 and token.isalpha() and token.isupper()
    if is_initial or _DOTTED.fullmatch(token):
        return starter
    if word in _LAST_OR_NOT:
        return not following[0].isdigit()
    return True


def _is_first(text: str, at: int) -> bool:
    """Tell whether nothing stands before `at` in its line but what marks a list's entry."""
    window = text[max(0, at - 9) : at]
    _, line_break, head = window.rpartition("\n")
    return bool(line_break or at < 9) and not head.strip(" \t-*•–—(")  # noqa: RUF001


def _is_all_lower(text: str) -> bool:
    """Tell whether the text's first letter is small: such captions have no capitals."""
    first = next((character for character in text[:1000] if character.isalpha()), "A")
    return first.islower()


def _says_something(text: str, span: tuple[int, int]) -> bool:
    return any(character.isalnum() for character in text[span[0] : span[1]])


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(stripped)


def quoted_characters(text: str) -> bytearray:
    """Mark with 1 the characters in quotes: what a sign reads is no sentence of the caption.

    Where quotes do not pair up, nothing counts as quoted.
    """
    marks = bytearray(len(text) + 1)
    for opening, closing in [('"', '"'), *_QUOTES.items()]:
        pairs = _pairs(text, opening, closing)
        for start, end in pairs:
            marks[start : end - 1] = b"\x01" * (end - 1 - start)
    return marks


def _pairs(text: str, opening: str, closing: str) -> list[tuple[int, int]]:
    """Return the spans of quotes, marks included; none at all where a mark is left alone."""
    if opening not in text:
        return []
    at = [i for i, character in enumerate(text) if character in (opening, closing)]
    if len(at) % 2:
        return []
    pairs = list(zip(at[::2], at[1::2], strict=True))
    if any(text[first] != opening or text[last] != closing for first, last in pairs):
        return []
    return [(first, last + 1) for first, last in pairs]
