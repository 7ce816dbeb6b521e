"""A record is found by an id or the beginning of one, as the step that takes it sees it."""

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import Bind, source

from interlink.pipeline.step import Stage, Step
from interlink.pipeline.watching.find_record import find_record
from interlink.schemas.errors import UsageError

GATHER = Step(name="bind", stages=[Stage(name="bind", transform=Bind())])


@pytest.fixture
def run(tmp_path) -> ToyChain:
    given = [
        source("alpha", times="3", say="nothing"),
        source("alpine"),
        source("gone-for-good", "fail"),
    ]
    made = ToyChain(tmp_path / "run", given)
    made.go()
    return made


def find(run: ToyChain, step: str, name: str, *more: Step):
    found = find_record(run.store, [*chain(), *more], step, name)
    ids = [getattr(record, "item_id", None) or record.source_id for record in found.inputs]
    return found, ids


def test_a_source_is_found_with_what_the_run_made_of_it(run):
    found, ids = find(run, "fetch", "gone-for-good")
    assert ids == ["gone-for-good"]
    [outcome] = found.outcomes
    assert outcome.code == "not_media"
    assert found.part.startswith("001-")


def test_a_source_stands_for_what_it_became(run):
    assert find(run, "cut", "alpha")[1] == ["item-alpha"]
    assert find(run, "caption", "alpha")[1] == ["item-alpha-0", "item-alpha-1", "item-alpha-2"]


def test_the_id_of_what_the_first_step_made_stands_for_it_too(run):
    assert find(run, "caption", "item-alpha")[1] == ["item-alpha-0", "item-alpha-1", "item-alpha-2"]
    assert find(run, "cut", "item-alpi")[1] == ["item-alpine"]


def test_one_of_several_is_found_by_its_own_id(run):
    found, ids = find(run, "caption", "item-alpha-0")
    assert ids == ["item-alpha-0"]
    assert [outcome.code for outcome in found.outcomes] == ["model_error"]


def test_a_group_is_found_whole_by_any_of_its_members(run):
    bind = [*chain(), GATHER]
    run.go(bind)
    _, ids = find(run, "bind", "item-alpha-2", GATHER)
    assert ids == ["item-alpha-1", "item-alpha-2"]


def test_a_unique_beginning_is_enough(run):
    assert find(run, "fetch", "alpi")[1] == ["alpine"]
    with pytest.raises(UsageError, match="'item-alp' is the beginning of 2 ids, such as item-al"):
        find(run, "cut", "item-alp")


def test_a_whole_id_is_never_ambiguous(tmp_path):
    run = ToyChain(tmp_path / "run", [source("name"), source("name-longer")])
    run.go()
    assert find(run, "fetch", "name")[1] == ["name"]


def test_the_newest_plan_that_has_come_so_far_is_taken(run):
    run.retry(2, [source("alpha", times="3")])
    assert find(run, "fetch", "alpha")[0].part.startswith("002-")
    assert find(run, "caption", "alpha")[0].part.startswith("001-")
    run.go(plan=2)
    assert find(run, "caption", "alpha")[0].part.startswith("002-")


@pytest.mark.parametrize(
    ("step", "name", "sentence"),
    [
        ("paint", "alpha", "--step paint must be one of fetch, cut, caption"),
        ("cut", "al", "'al' is too short: give at least 4 characters of an id"),
        ("cut", "nobody", "has an id that begins with 'nobody'"),
        (
            "caption",
            "gone-for-good",
            r"did not come to step 'caption': in 'fetch' it was failed \(not_media\); replay "
            "--step fetch shows it",
        ),
    ],
)
def test_what_is_not_there_gets_a_sentence(run, step, name, sentence):
    with pytest.raises(UsageError, match=sentence):
        find(run, step, name)


def test_an_edit_of_an_earlier_step_leaves_nothing_to_go_on_from(run, monkeypatch):
    monkeypatch.setattr(type(chain()[1].stages[0].transform), "version", 2)
    with pytest.raises(UsageError, match="run its step 'cut' first, or name the run in place of"):
        find(run, "caption", "alpha")
