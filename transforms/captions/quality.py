"""Whether a model's text can be used: does it loop, does it say anything."""

from collections import Counter

from ...schemas.text import TextStatus

MAX_REPETITION_SHARE = 0.4
"""Good captions lay under 0.1 and loops above 0.7 in what was looked at."""
_LENGTH = 3


def repetition_share(text: str) -> float:
    """Share of a text's 3-grams that occur more than once in it, in [0, 1].

    The grams are of words; of characters where spaces are rare, as in Chinese. Upper and lower case
    are alike. A text of fewer than three words has 0.
    """
    words = text.casefold().split()
    tokens = words if len(text) <= 12 * len(words) else list("".join(words))
    grams = [tuple(tokens[i : i + _LENGTH]) for i in range(len(tokens) - _LENGTH + 1)]
    if not grams:
        return 0.0
    return sum(count for count in Counter(grams).values() if count > 1) / len(grams)


def text_status(text: str, *, is_cut_off: bool) -> TextStatus:
    """Judge a generated text; one that loops is degenerate even where it was cut off."""
    if not text or repetition_share(text) > MAX_REPETITION_SHARE:
        return TextStatus.DEGENERATE
    return TextStatus.TRUNCATED if is_cut_off else TextStatus.OK
