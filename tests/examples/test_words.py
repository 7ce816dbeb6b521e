import random

import jiwer
import pytest

from interlink.examples.shares import Share
from interlink.examples.words import edit_distance, split_words, word_errors


def test_case_punctuation_and_apostrophes_are_no_errors():
    assert split_words("Don't  stop: it\u2019s 10%-done.") == ["dont", "stop", "its", "10", "done"]
    assert word_errors("Move it, please.", "move it please") == Share(0, 3)


@pytest.mark.parametrize(
    ("reference", "heard", "errors"),
    [
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a b c", "a b b c", 1),
        ("a b c", "", 3),
        ("", "a b", 2),
        ("a b c d", "d a b c", 2),
    ],
)
def test_substitutions_insertions_and_omissions_count_one_each(reference, heard, errors):
    assert word_errors(reference, heard) == Share(errors, len(reference.split()))


def test_the_distance_is_jiwer_s():
    rng = random.Random(0)
    for _ in range(100):
        reference, heard = ([rng.choice("abcde") for _ in range(rng.randint(1, 12))] for _ in "rh")
        expected = jiwer.process_words(" ".join(reference), " ".join(heard))
        errors = expected.substitutions + expected.deletions + expected.insertions
        assert edit_distance(reference, heard) == errors
