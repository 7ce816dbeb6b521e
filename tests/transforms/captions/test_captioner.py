import pytest

from interlink.transforms.captions.captioner import evenly


@pytest.mark.parametrize(
    ("length", "count", "expected"),
    [
        (0, 4, []),
        (3, 4, [0, 1, 2]),
        (9, 3, [0, 4, 8]),
        (10, 4, [0, 3, 6, 9]),
        (9, 1, [4]),
        (1, 1, [0]),
    ],
)
def test_even_choice_keeps_first_and_last(length, count, expected):
    assert list(evenly(list(range(length)), count)) == expected


def test_even_choice_never_repeats_and_keeps_the_order():
    for length in range(1, 60):
        for count in range(1, length + 1):
            chosen = list(evenly(range(length), count))
            assert len(chosen) == count
            assert chosen == sorted(set(chosen))
