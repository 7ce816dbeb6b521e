"""A retry plans what failed again, once, and what it takes over counts in its plan alone."""

import datetime
from collections.abc import Sequence

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import source, sources

from interlink.pipeline.dataset.versions import manifest_path
from interlink.pipeline.parts.plan import plan_sources, retry_numbers, write_plan
from interlink.pipeline.plans.run_files import open_run
from interlink.pipeline.storage.store import Store
from interlink.pipeline.watching.retry import Retry, RetryRule, plan_retry
from interlink.schemas.manifest import Manifest, Provenance, Tombstone, TombstoneKind
from interlink.schemas.outcome import Disposition

NOW = datetime.datetime.now(datetime.UTC)
FATES = {"gone": "fail", "later": "defer", "u1": "unreachable", "u2": "unreachable", "b": "raise"}


@pytest.fixture
def run(tmp_path) -> ToyChain:
    mute = [source("m1", say="nothing", times="2"), source("m2", say="nothing", times="2")]
    made = ToyChain(tmp_path / "run", [*sources(FATES, keep=1), *mute])
    made.go()
    return made


def retry(run: ToyChain, *, hours: float = 1, plan_size: int = 100, **rule) -> Retry:
    now = NOW + datetime.timedelta(hours=hours)
    return plan_retry(open_run(run.store.url), RetryRule(**rule), plan_size=plan_size, now=now)


def planned(run: ToyChain, plan: int) -> list[str]:
    return sorted(source.source_id for source in plan_sources(run.store, plan))


def outcomes(run: ToyChain, plan: int) -> Sequence[int]:
    stage = run.go(chain(fates=()), plan=plan)[0].stages[0]
    return stage.kept, stage.failed


def test_what_may_pass_is_tried_again_and_the_rest_is_told(run):
    done = retry(run)
    assert done.plans == {2: 2}
    assert planned(run, 2) == ["u1", "u2"]
    assert retry_numbers(run.store) == [2]
    assert done.codes == {"dns": 2}
    assert done.hopeless == {"not_media": 1, "transform_error": 1, "model_error": 2}
    assert done.early == 1
    assert outcomes(run, 2) == (2, 0)


def test_it_plans_nothing_twice_neither_before_nor_after_its_plan_has_run(run):
    retry(run)
    assert retry(run).plans == {}
    run.go(chain(fates=()), plan=2)
    assert retry(run).plans == {}


def test_what_fails_again_is_tried_again(run):
    retry(run)
    run.go()
    assert retry(run).plans == {3: 2}
    assert planned(run, 3) == ["u1", "u2"]


def test_a_source_is_planned_as_its_manifest_described_it(tmp_path):
    given = source("a", "unreachable", note="kept")
    run = ToyChain(tmp_path / "run", [given])
    run.go()
    retry(run)
    assert list(plan_sources(run.store, 2)) == [given]


def test_deferred_records_wait_for_their_time_unless_told_not_to(run):
    fates = [Disposition.DEFERRED]
    waiting = retry(run, fates=fates)
    assert (waiting.plans, waiting.early) == ({}, 1)
    assert waiting.next_try is not None
    assert retry(run, fates=fates, is_early=True).plans == {2: 1}


def test_their_time_comes(run):
    assert retry(run, hours=24 * 9, fates=[Disposition.DEFERRED]).codes == {"live": 1}


def test_named_codes_are_taken_whatever_their_class(run):
    assert retry(run, codes={"not_media"}).plans == {2: 1}
    assert planned(run, 2) == ["gone"]


def test_sources_of_lost_clips_are_taken_only_when_asked_for(run):
    without = retry(run, codes={"model_error"})
    assert (without.plans, without.clips) == ({}, {"model_error": 2})
    assert retry(run, codes={"model_error"}, with_clips=True).plans == {2: 2}
    assert planned(run, 2) == ["m1", "m2"]


def test_a_source_that_was_lost_after_its_first_step_is_no_clip(tmp_path, monkeypatch):
    """As a video is that cannot be decoded: the record has the id that the first step gave it."""
    run = ToyChain(tmp_path / "run", [source("a", times="none")])
    run.go()
    done = retry(run, codes={"transform_error"})
    assert (done.plans, done.clips) == ({2: 1}, {})


def test_long_retries_become_several_plans(run):
    done = retry(run, codes={"dns", "not_media"}, plan_size=2)
    assert done.plans == {2: 2, 3: 1}
    assert sorted(planned(run, 2) + planned(run, 3)) == ["gone", "u1", "u2"]


def test_a_number_that_somebody_took_meanwhile_is_passed_over(run):
    before = open_run(run.store.url)
    write_plan(run.store, 2, [source("new")])
    assert plan_retry(before, RetryRule(), plan_size=100, now=NOW).plans == {3: 2}


def test_quarantined_records_are_tried_when_their_fate_is_named(run):
    done = retry(run, fates=[Disposition.QUARANTINED])
    assert (done.plans, done.codes) == ({}, {})


def test_what_was_taken_down_stays_down(run):
    manifest = Manifest(
        version=1,
        schema_id="",
        content_digest="",
        parents=(),
        shard_lists=(),
        tombstones=(Tombstone(id="u1", kind=TombstoneKind.SOURCE, reason="asked", version=1),),
        provenance=Provenance(run="", recipe_digest="", code_version="", created=""),
    )
    dataset = open_run(run.store.url).dataset
    assert dataset is not None
    Store(dataset).put(manifest_path(1), manifest.to_json())
    assert retry(run).plans == {2: 1}
    assert planned(run, 2) == ["u2"]
