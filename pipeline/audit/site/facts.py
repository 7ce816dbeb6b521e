"""What a captioner rested a caption on, as the page shows it beside the verdicts.

Where an error was planted, the facts are made to say the same: stored ones that contradict a claim
would tell the rater that it was planted. Numbers are left out of all facts for the same reason: no
word of a caption stands behind them that could be followed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from ....schemas.audit import AuditText, Change
from ....schemas.text import Evidence
from ..claims import states_facts
from .data import Fact

_WORD = re.compile(r"\w+")
_LEADING = re.compile(r"^(?:an?|is)\s+", re.IGNORECASE)
"""What a caption puts before a fact's word: `an orange`, `is still`."""
_NEXT_THING = re.compile(r",|\b(?:and|in|over|with) (?=an? )")
_ADDED = re.compile(r"an? (?P<color>.+) (?P<shape>\S+) stays (?P<place>.+?)\.?", re.IGNORECASE)
"""A fact of `ADDED_FACTS`."""


def shown_facts(
    evidence: Sequence[Evidence], text: AuditText, change: Change | None
) -> tuple[Fact, ...]:
    """Return the facts behind a caption.

    Args:
        evidence: what the dataset stores with it.
        text: the caption as it is judged.
        change: the error that was planted in it, if one was.
    """
    facts = [Fact(name=one.kind, value=_readable(one.ref)) for one in evidence]
    facts = [fact for fact in facts if fact.value]
    if change is None:
        return tuple(facts)
    if change.before:
        return tuple(_with_swap(facts, text, change))
    return tuple(_with_added(facts, text, change))


def _with_swap(facts: Sequence[Fact], text: AuditText, change: Change) -> list[Fact]:
    """Replace the words where they speak of the same as in the claim, at one place at most."""
    before, after = (_LEADING.sub("", words).lower() for words in (change.before, change.after))
    # The new words stand in it once: `perturb` takes none that the captions have already.
    claim = text.claims[change.claim].text.lower()
    left, *rest = _whole(after).split(claim, maxsplit=1)
    right = _NEXT_THING.split("".join(rest))[0]
    around = _WORD.findall(_NEXT_THING.split(left)[-1]), _WORD.findall(right)
    places = [
        (number, match)
        for number, fact in enumerate(facts)
        for match in _whole(before).finditer(fact.value)
    ]
    if not places:
        return list(facts)
    number, match = max(places, key=lambda place: _likeness(facts[place[0]], place[1], around))
    value = f"{match.string[: match.start()]}{after}{match.string[match.end() :]}"
    return [*facts[:number], replace(facts[number], value=value), *facts[number + 1 :]]


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)


def _likeness(
    fact: Fact, match: re.Match[str], around: tuple[Sequence[str], Sequence[str]]
) -> tuple[int, int]:
    """Return how many words beside a place are the claim's, and how many of the whole fact are."""
    left = _WORD.findall(fact.value[: match.start()].lower())
    right = _WORD.findall(fact.value[match.end() :].lower())
    beside = _num_same(left[::-1], around[0][::-1]) + _num_same(right, around[1])
    return beside, len({*left, *right, fact.name} & {*around[0], *around[1]})


def _num_same(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many words are the same from the start."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(ours), len(theirs)))


def _with_added(facts: Sequence[Fact], text: AuditText, change: Change) -> list[Fact]:
    """Add the fact that would stand behind an added claim, where the captioner states facts."""
    added = _ADDED.fullmatch(change.after)
    if added is None or not facts or not states_facts(text.model):
        return list(facts)
    value = ", ".join(
        f"{name}: {words.lower()}" for name, words in sorted(added.groupdict().items())
    )
    after = max((n for n, fact in enumerate(facts, 1) if fact.name == "object"), default=1)
    return [*facts[:after], Fact(name="object", value=value), *facts[after:]]


def _readable(reference: str) -> str:
    """Return what a fact refers to as a line for people: `color: blue, place: in the center`."""
    try:
        value = json.loads(reference)
    except (ValueError, RecursionError):
        return reference  # an id
    if not isinstance(value, dict):
        return reference
    named = ((name, _plain(one)) for name, one in value.items())
    return ", ".join(f"{name}: {words}" for name, words in named if words)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " / ".join(filter(None, map(_plain, value)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else ""
