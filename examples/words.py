"""Word errors between what was said and what was recognised."""

import re
from collections.abc import Sequence

from .shares import Share

_APOSTROPHE = re.compile("['\u2019]")
_NOT_LETTERS = re.compile(r"[\W_]+")


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return _NOT_LETTERS.sub(" ", _APOSTROPHE.sub("", text.lower())).split()


def edit_distance(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Return the fewest words to substitute, insert or delete (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            substituted = diagonal + (word != other)
            diagonal = row[j]
            row[j] = min(substituted, row[j] + 1, row[j - 1] + 1)
    return row[-1]


def word_errors(reference: str, heard: str) -> Share:
    """Return the errors in what was heard, out of the reference's words: the word error rate."""
    words = split_words(reference)
    return Share(edit_distance(words, split_words(heard)), len(words))
