"""When samples that cannot be read are too many."""

import pytest

from interlink.model.data.unreadable import Unreadable, UnreadableLog
from interlink.schemas.errors import EnvironmentFault

BAD = Unreadable(name="sequence 0/3", place=(0, 0, 1), reason="it is no picture")


def test_one_of_a_hundred_is_bad_luck_and_more_are_not():
    log = UnreadableLog("samples")
    log.add(198, [BAD])
    log.add(2, [BAD])
    with pytest.raises(EnvironmentFault, match=r"3 of 201 samples .* because it is no picture;"):
        log.add(1, [BAD])


def test_a_few_samples_are_too_few_to_judge(caplog):
    log = UnreadableLog("pairs")
    log.add(10, [BAD] * 10)
    assert log.found == [BAD] * 10
    assert "left out of sequence 0/3: it is no picture" in caplog.text
