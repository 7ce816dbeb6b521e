"""How much two captions of one clip differ, by their words alone: enough to sort by."""

import re

_WORD = re.compile(r"\w+")


def dissimilarity(first: str, second: str) -> float:
    """Return one minus the Jaccard index of the sets of words of two texts, in [0, 1]."""
    one, two = set(_WORD.findall(first.casefold())), set(_WORD.findall(second.casefold()))
    together = one | two
    return 1 - len(one & two) / len(together) if together else 0.0
