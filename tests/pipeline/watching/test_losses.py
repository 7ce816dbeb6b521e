"""What was lost in a run, read from its commits."""

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import source, sources

from interlink.pipeline.plans.run_files import commits_by_step, open_run
from interlink.pipeline.plans.taken_over import taken_over
from interlink.pipeline.watching.losses import Loss, read_losses
from interlink.schemas.outcome import Disposition


@pytest.fixture
def run(tmp_path) -> ToyChain:
    fates = {"a": "fail", "b": "defer", "c": "unreachable"}
    given = [*sources(fates, keep=1), source("m", say="nothing", times="2")]
    made = ToyChain(tmp_path / "run", given)
    made.go()
    return made


def losses(run: ToyChain, **more) -> list[Loss]:
    found = open_run(run.store.url)
    taken = taken_over(run.store, list(found.parts))
    return list(read_losses(run.store, commits_by_step(found), taken, **more))


def test_each_lost_record_is_told_with_its_part_and_source(run):
    found = {loss.outcome.input_id: loss for loss in losses(run)}
    assert set(found) == {"a", "b", "c", "item-m-0"}
    assert found["item-m-0"].source_id == "m"
    assert found["a"].plan == 1
    assert found["c"].outcome.code == "dns"


def test_other_fates_are_left_out(run):
    [loss] = losses(run, fates=[Disposition.DEFERRED])
    assert loss.outcome.input_id == "b"


def test_what_a_later_plan_took_over_is_lost_no_more(run):
    run.retry(2, [source("a"), source("m")])
    assert {loss.source_id for loss in losses(run)} == {"b", "c"}


def test_what_another_recipe_lost_does_not_count(run):
    run.go(chain(prompt="tell", fates=()))
    assert {loss.source_id for loss in losses(run)} == {"a", "b", "c", "m"}
    run.store.remove(open_run(run.store.url).steps[0].folder)
    assert {loss.source_id for loss in losses(run)} == {"m"}
