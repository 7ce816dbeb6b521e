"""What a recipe finds done: cached, new, invalidated, and why (row P12 of RELIABILITY.md 9.3)."""

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import source

from interlink.pipeline.parts.plan import plan_parts, write_plan
from interlink.pipeline.step import Step
from interlink.pipeline.step_record import record_path
from interlink.pipeline.watching.outlook import StepOutlook, look_ahead


@pytest.fixture
def run(tmp_path) -> ToyChain:
    return ToyChain(tmp_path / "run", [source("a"), source("b")])


def look(run: ToyChain, steps: list[Step], *plans: int) -> dict[str, StepOutlook]:
    parts = [part for plan in plans or (1,) for part in plan_parts(run.store, plan)]
    last = [f"steps/{name}" for name in run.store.names("steps")]
    return {found.step.name: found for found in look_ahead(run.store, steps, parts, last=last)}


def counts(found: dict[str, StepOutlook]) -> dict[str, tuple[int, int, int]]:
    return {
        name: (len(each.cached), len(each.new), len(each.invalidated))
        for name, each in found.items()
    }


def test_before_a_run_all_is_new(run):
    assert counts(look(run, chain())) == dict.fromkeys(("fetch", "cut", "caption"), (0, 2, 0))


def test_after_a_run_all_is_cached(run):
    run.go()
    assert counts(look(run, chain())) == dict.fromkeys(("fetch", "cut", "caption"), (2, 0, 0))


def test_an_edited_prompt_invalidates_its_own_step_alone_and_a_run_does_only_that(run):
    run.go()
    edited = chain(prompt="tell")
    found = look(run, edited)
    assert counts(found) == {"fetch": (2, 0, 0), "cut": (2, 0, 0), "caption": (0, 0, 2)}
    assert found["caption"].why == ('say.prompt: "say" -> "tell"',)
    assert found["caption"].to_do == plan_parts(run.store, 1)

    reports = run.go(edited)
    assert [report.num_reused for report in reports] == [2, 2, 0]
    assert counts(look(run, edited))["caption"] == (2, 0, 0)


def test_an_edit_in_the_middle_invalidates_what_follows_and_nothing_before(run, monkeypatch):
    run.go()
    middle = type(chain()[1].stages[0].transform)
    monkeypatch.setattr(middle, "version", 2)
    found = look(run, chain())
    assert counts(found) == {"fetch": (2, 0, 0), "cut": (0, 0, 2), "caption": (0, 0, 2)}
    assert found["cut"].why == ("times: Multiply version 1 -> 2",)
    assert found["caption"].why == ("follows cut",)
    assert [report.num_reused for report in run.go()] == [2, 0, 0]


def test_an_own_edit_and_an_earlier_one_are_both_told(run, monkeypatch):
    run.go()
    monkeypatch.setattr(type(chain()[1].stages[0].transform), "version", 2)
    found = look(run, chain(prompt="tell"))
    assert found["caption"].why == ('say.prompt: "say" -> "tell"', "follows cut")


def test_where_the_edited_step_was_run_again_already_its_edit_is_told_where_it_is_felt(
    run, monkeypatch
):
    run.go()
    monkeypatch.setattr(type(chain()[1].stages[0].transform), "version", 2)
    run.go(chain()[:2])
    found = look(run, chain())
    assert counts(found) == {"fetch": (2, 0, 0), "cut": (2, 0, 0), "caption": (0, 0, 2)}
    assert found["caption"].why == ("follows cut (times: Multiply version 1 -> 2)",)


def test_new_sources_are_new_beside_what_is_cached_and_what_is_invalidated(run):
    run.go()
    write_plan(run.store, 2, [source("c"), source("d"), source("e")])
    found = look(run, chain(prompt="tell"), 1, 2)
    assert counts(found) == {"fetch": (2, 3, 0), "cut": (2, 3, 0), "caption": (0, 3, 2)}


def test_a_run_of_an_older_version_took_no_notes_and_that_is_said(run):
    for report in run.go():
        run.store.remove(record_path(report.folder))
    [why] = look(run, chain(prompt="tell"))["caption"].why
    assert why.startswith("what it was run with was not noted")
