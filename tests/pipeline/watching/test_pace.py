"""How fast a step goes and how long the rest takes, from the times of commits."""

import pytest

from interlink.pipeline.parts.commit import Commit, StageCounts
from interlink.pipeline.watching.pace import Pace, pace_of, rest_of, straggles


def commit(clock: str | None, wall_s: float = 60.0, records: int = 4) -> Commit:
    return Commit(
        part="001-00000",
        step="scan",
        key="k",
        attempt="a",
        num_kept=1,
        stages=(StageCounts(stage="scan", kept=records), StageCounts(stage="next", kept=1)),
        files=(),
        wall_s=wall_s,
        ended=clock and f"2026-12-01T{clock}:00+00:00",
    )


def test_a_pace_counts_from_the_beginning_of_the_work():
    pace = pace_of([commit("10:30"), commit("10:15"), commit("10:01")])
    assert pace is not None
    assert pace.parts_per_h == pytest.approx(3 / 0.5)
    assert pace.records_per_h == pytest.approx(12 / 0.5)


def test_one_part_has_a_pace():
    pace = pace_of([commit("10:01", wall_s=36.0)])
    assert pace == Pace(parts_per_h=pytest.approx(100.0), records_per_h=pytest.approx(400.0))


def test_what_was_done_before_the_last_hour_of_work_does_not_count():
    night = [commit("02:00"), commit("02:01")]
    assert pace_of([*night, commit("10:10"), commit("10:19")]) == pace_of(
        [commit("10:10"), commit("10:19")]
    )


def test_commits_of_older_versions_have_no_pace():
    assert pace_of([commit(None)]) is None
    assert pace_of([]) is None
    assert pace_of([commit(None), commit("10:00")]) == pace_of([commit("10:00")])


def test_the_rest_is_one_step_after_the_other_and_says_what_nobody_knows():
    pace = Pace(parts_per_h=6.0, records_per_h=24.0)
    rest = rest_of([("scan", 3, pace), ("cut", 6, pace), ("caption", 9, None), ("done", 0, None)])
    assert rest.seconds == 1.5 * 3600
    assert rest.unknown == ("caption",)


@pytest.mark.parametrize(
    ("running_s", "wall_s", "is_slow"),
    [(59, 1, False), (61, 1, True), (299, 100, False), (301, 100, True)],
)
def test_a_part_straggles_that_takes_several_times_the_median_and_a_minute(
    running_s, wall_s, is_slow
):
    finished = [commit("10:00", wall_s=wall) for wall in (wall_s, wall_s, 10_000)]
    assert straggles(running_s, finished) is is_slow


def test_nothing_straggles_before_a_part_is_finished():
    assert not straggles(1e6, [])
