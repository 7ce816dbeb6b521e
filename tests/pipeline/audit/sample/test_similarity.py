import pytest

from interlink.pipeline.audit.sample.similarity import dissimilarity


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("A dog sits.", "a DOG, sits", 0.0),
        ("A dog", "two cats", 1.0),
        ("a b c", "b c d", 0.5),
        ("", "", 0.0),
        ("...", "a", 1.0),
        ("Straße", "STRASSE", 0.0),
    ],
)
def test_it_is_one_minus_the_share_of_common_words(first: str, second: str, expected: float):
    assert dissimilarity(first, second) == dissimilarity(second, first) == expected
