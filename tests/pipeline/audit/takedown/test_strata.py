"""Names of strata tell of no group that was taken down, however the strata were made."""

import pytest

from interlink.pipeline.audit.takedown.strata import without_group
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key

DENIED = Denied(groups=frozenset({group_key("@jane"), group_key("birds, and bees=2")}))


@pytest.mark.parametrize("group", ["@jane", "birds, and bees=2"])
@pytest.mark.parametrize(
    "form",
    [
        "group={}",
        "group={}, language=en, speech=yes",
        "language=en, group={}",
        "speech=no, group={}, model=a+b",
        "duration=under 2 s, group={}, sharpness under 0.5",
        "group={}, avg_logprob none",
    ],
)
def test_a_group_that_was_taken_down_is_told_no_more(form, group):
    assert without_group(form.format(group), DENIED) == form.format("taken down")


@pytest.mark.parametrize(
    "name",
    [
        "all",
        "other",
        "language=en, speech=yes",
        "group=@janet, language=en",
        "group=@jane, inc",
        "group=@joe, sharpness from 0.5",
        "model=@jane",
    ],
)
def test_any_other_name_stays(name):
    assert without_group(name, DENIED) == name
    assert without_group("group=@jane", Denied()) == "group=@jane"
