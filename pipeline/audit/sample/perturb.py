"""Captions with one planted error, to see whether raters find it.

A word is swapped for another of its class (`swap_words.py`), or a claim is added that hardly any
clip fulfils. The added claim could be true of some clip by chance; the report counts on that being
rare. Only English texts are changed, and a text that cannot be is said to be so, with the reason.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ....schemas.audit import AuditText, Change, ErrorType
from ..claims import quoted_characters, split_claims, states_facts, word_set
from .sampling import draw
from .swap_words import ADDED_CLAIMS, ADDED_FACTS, SWAPS, Swap

Option = TypeVar("Option")

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH = word_set(
    "the and with is are of on to at it its his her he she they there their by for from into as "
    "while then over an this that which who some has have"
)
_FOREIGN = word_set(
    "der die das und nicht ein eine mit auf het een de en van op met naar le la les des du et est "
    "un une dans sur avec el los las y una con por en que para se il lo gli di che per sul nel "
    "o os um uma com na no och att det er og til"
)
"""Words that other languages in Latin letters are full of."""
_MAX_CHARS = 8192
"""Longer texts are not changed: nobody would find the error."""
_PLACES = word_set("stays the upper lower left right past into onto for with")
_ONE_IN = 4
"""One text in so many gets a claim added even where a word could be swapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbed:
    """The texts of an item, one of them with a planted error."""

    texts: tuple[AuditText, ...]
    """As given, but for one."""
    change: Change
    """What was planted, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """No error can be planted in these texts."""

    reason: str
    """Why, such as `not English`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A word that can be swapped."""

    start: int
    end: int
    swap: Swap


def perturb(texts: Sequence[AuditText], *, seed: int, key: str) -> Perturbed | Unchanged:
    """Plant one error in one of the texts of an item.

    Args:
        texts: the texts, at least one.
        seed: another seed plants another error.
        key: what tells items apart; the same texts, seed and key get the same error.

    Returns:
        The texts with the error, which always differ from those given in exactly one claim; or why
        there is none.
    """
    first = draw(seed, len(texts), "side", key)
    reasons = []
    for index in (*range(first, len(texts)), *range(first)):
        done = _perturb_text(texts[index], [text.text for text in texts], seed, key)
        if isinstance(done, Unchanged):
            reasons.append(done.reason)
            continue
        changed, change = done
        return Perturbed(texts=(*texts[:index], changed, *texts[index + 1 :]), change=change)
    return Unchanged(reason=", ".join(dict.fromkeys(reasons)))


def is_english(text: str, language: str | None = None) -> bool:
    """Tell whether a text is English: by its language where it is known, else by common words."""
    if language is not None:
        return re.split(r"[-_]", language.lower())[0] in ("en", "eng")
    words = [word.lower() for word in _WORD.findall(text[:_MAX_CHARS])]
    num_ascii = sum(word.isascii() for word in words)
    num_english = sum(word in _ENGLISH for word in words)
    num_foreign = sum(word in _FOREIGN for word in words)
    if not words or num_ascii < 0.9 * len(words) or num_foreign > num_english:
        return False
    return num_english > 0 or (len(words) < 8 and next(_places(text), None) is not None)


def _perturb_text(
    text: AuditText, all_texts: Sequence[str], seed: int, key: str
) -> tuple[AuditText, Change] | Unchanged:
    if not is_english(text.text, text.language):
        return Unchanged(reason="not English")
    if len(text.text) > _MAX_CHARS:
        return Unchanged(reason=f"longer than {_MAX_CHARS} characters")
    used = {word.lower() for one in all_texts for word in _WORD.findall(one)}
    together = " ".join(all_texts).lower()
    by_type: dict[ErrorType, list[_Place]] = {}
    for place in _places(text.text):
        by_type.setdefault(place.swap.error_type, []).append(place)
    added = _with_added_claim(text, used, seed, key)
    if draw(seed, _ONE_IN, "add", key) == 0 and not isinstance(added, Unchanged):
        return added
    for kind in _shuffled(list(by_type), seed, "type", key):
        for place in _shuffled(by_type[kind], seed, "place", key):
            done = _with_swap(text, place, together, seed, key)
            if done is not None:
                return done
    return added


def _places(text: str) -> Iterator[_Place]:
    """Yield the words outside of quotes that can be swapped."""
    quoted = quoted_characters(text)
    for swap in SWAPS:
        if swap.unless is not None and swap.unless.search(text):
            continue
        for match in swap.pattern.finditer(text):
            start, end = match.span("word")
            if match["word"].lower() in swap.options and not any(quoted[start:end]):
                yield _Place(start=start, end=end, swap=swap)


def _with_swap(
    text: AuditText, place: _Place, together: str, seed: int, key: str
) -> tuple[AuditText, Change] | None:
    """Return the text with the word replaced; None if that could leave it true.

    A word that stands in the item already may be true of the same thing: `a red and blue flag`.
    """
    word = text.text[place.start : place.end]
    options = [
        option
        for option in place.swap.options[word.lower()]
        if not re.search(rf"\b{re.escape(option)}\b", together)
    ]
    if not options:
        return None
    new = _cased(options[draw(seed, len(options), "option", key)], like=word)
    start, before, after = _with_article(text.text, place, new)
    whole = text.text[:start] + after + text.text[place.end :]
    claims = split_claims(whole, is_facts=states_facts(text.model))
    if len(claims) != len(text.claims):
        return None
    changed = [a.number for a, b in zip(text.claims, claims, strict=True) if a.text != b.text]
    if len(changed) != 1:
        return None
    change = Change(
        side=text.side,
        claim=changed[0],
        error_type=place.swap.error_type,
        before=before,
        after=after,
    )
    return replace(text, text=whole, claims=claims), change


def _with_article(text: str, place: _Place, new: str) -> tuple[int, str, str]:
    """Return where to replace from, what, and by what: `an orange` becomes `a blue`."""
    word = text[place.start : place.end]
    match = re.search(r"\b(an?)(\s+)$", text[max(0, place.start - 12) : place.start], re.IGNORECASE)
    if match is None:
        return place.start, word, new
    article = _cased("an" if new[0].lower() in "aeiou" else "a", like=match.group(1))
    if article.lower() == match.group(1).lower():
        return place.start, word, new
    head = match.group()
    return place.start - len(head), head + word, article + match.group(2) + new


def _with_added_claim(
    text: AuditText, used: set[str], seed: int, key: str
) -> tuple[AuditText, Change] | Unchanged:
    is_facts = states_facts(text.model)
    pool = ADDED_FACTS if is_facts else ADDED_CLAIMS
    # A claim about something that the caption names already may well be true.
    fit = [
        added
        for added in pool
        if not {w for w in added.split() if len(w) > 2 and w not in _PLACES} & used
    ]
    if not fit:
        return Unchanged(reason="it names all that could be added")
    added = fit[draw(seed, len(fit), "added", key)]
    old = text.text.rstrip()
    if is_facts:
        whole = f"{old.rstrip('.;')}; {added}."
    else:
        stop = "" if old[-1] in ".!?…" else "."
        sentence = added if old[0].islower() else added[0].upper() + added[1:]
        whole = f"{old}{stop} {sentence}."
    claims = split_claims(whole, is_facts=is_facts)
    kept = [claim.text.rstrip(".;") for claim in claims[:-1]]
    if kept != [claim.text.rstrip(".;") for claim in text.claims]:
        return Unchanged(reason="a claim cannot be told from its end")
    change = Change(
        side=text.side,
        claim=claims[-1].number,
        error_type=ErrorType.OBJECT,
        before="",
        after=claims[-1].text,
    )
    return replace(text, text=whole, claims=claims), change


def _cased(word: str, *, like: str) -> str:
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if like[0].isupper() else word


def _shuffled(options: Sequence[Option], seed: int, *about: object) -> list[Option]:
    return sorted(options, key=lambda option: draw(seed, 1 << 64, *about, options.index(option)))
