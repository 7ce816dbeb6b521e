import pytest

from interlink.schemas.text import TextStatus
from interlink.transforms.captions.quality import repetition_share, text_status

GOOD = "A man in a white shirt cuts an onion on a wooden board and puts it into a pan."
LOOP = "a man and " * 20


def test_no_gram_of_a_plain_sentence_occurs_twice():
    assert repetition_share(GOOD) == 0.0


def test_repetition_counts_every_gram_that_has_a_twin():
    # Grams: abc bca cab abc, of which abc stands twice among four.
    assert repetition_share("a b c a b c") == pytest.approx(2 / 4)


def test_case_does_not_hide_a_repetition():
    assert repetition_share("A b c a B C") == repetition_share("a b c a b c")


def test_text_without_spaces_is_judged_by_its_characters():
    assert repetition_share("在锅里在锅里在锅里在锅里在锅里") == 1.0
    assert repetition_share("把洋葱切成小块再放进热锅里慢慢翻炒") == 0.0


@pytest.mark.parametrize("text", ["", "one", "one two"])
def test_text_too_short_for_a_gram_does_not_repeat(text):
    assert repetition_share(text) == 0.0


@pytest.mark.parametrize(
    ("text", "is_cut_off", "status"),
    [
        (GOOD, False, TextStatus.OK),
        (GOOD, True, TextStatus.TRUNCATED),
        (LOOP, True, TextStatus.DEGENERATE),
        ("", False, TextStatus.DEGENERATE),
    ],
)
def test_status_of_a_text(text, is_cut_off, status):
    assert text_status(text, is_cut_off=is_cut_off) is status
