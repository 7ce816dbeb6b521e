"""Sections of a training recipe."""

from dataclasses import dataclass, field

import pytest

from interlink.model.data.section import check_keys
from interlink.schemas.errors import UsageError


@dataclass
class Cup:
    size: int
    color: str = "red"
    labels: list = field(default_factory=list)


def test_known_keys_pass():
    assert check_keys("cup", {"size": 1}, Cup) == {"size": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], r"cup is \[1\], it must be a mapping"),
        ({"size": 1, "shape": 2}, r"cup\.shape is unknown; its keys are size, color, labels"),
        ({"color": "blue"}, r"cup\.size is missing; it has no default"),
    ],
)
def test_others_are_told_in_one_sentence(content, message):
    with pytest.raises(UsageError, match=message):
        check_keys("cup", content, Cup)
