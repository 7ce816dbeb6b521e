"""What changed between two recipes is said with the recipe's own words."""

import dataclasses

import pytest
from interlink_toy_chains import chain

from interlink.pipeline.curate import curate
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.step_record import StepRecord, record_step
from interlink.pipeline.watching.changes import explain_changes


def records(**sections) -> dict[str, StepRecord]:
    steps = curate(make_recipe({"sources": "x.txt"} | sections))
    return {step.name: record_step(step, "k", None) for step in steps}


def changes(step: str, **sections) -> list[str]:
    return explain_changes(records()[step], records(**sections)[step])


def test_nothing_is_said_of_what_stayed():
    captioner = {"backend": "facts", "read_screen_text": False}
    assert changes("cut", caption={"captioner": captioner}) == []


def test_a_field_is_named_as_in_the_recipe_with_both_values():
    assert changes("cut", clips={"max_duration_s": 10}) == ["clips.max_duration_s: 20.0 -> 10.0"]
    assert changes("cut", cut={"mode": "exact"}) == ['cut.mode: "copy" -> "exact"']
    assert changes("fetch", fetch={"allowed_licenses": ["CC0-1.0"]}) == [
        'fetch.allowed_licenses: [] -> ["CC0-1.0"]'
    ]


def test_another_backend_is_one_change_and_not_a_list_of_all_its_fields():
    before = records()["caption"]
    [stage] = before.stages
    other = {"captioner.class": "Other", "captioner.backend": "other", "captioner.prompt": "p"}
    now = dataclasses.replace(before, stages=(dataclasses.replace(stage, parameters=other),))
    assert explain_changes(before, now) == ['caption.captioner.backend: "facts" -> "other"']


def test_models_and_versions_are_told():
    before, now = (record_step(chain(model=m)[2], "k", None) for m in ("toy@1", "toy@2"))
    assert explain_changes(before, now) == [
        'say.model: "toy@1" -> "toy@2"',
        "say: model toy@1 -> toy@2",
    ]
    [stage] = before.stages
    older = dataclasses.replace(before, stages=(dataclasses.replace(stage, version=0),))
    assert explain_changes(older, before) == ["say: Say version 0 -> 1"]


def test_a_field_of_a_newer_version_is_not_taken_for_null():
    before = records()["cut"]
    clips, *rest = before.stages
    fewer = {k: v for k, v in clips.parameters.items() if k != "min_silence_s"}
    older = dataclasses.replace(
        before, stages=(dataclasses.replace(clips, parameters=fewer), *rest)
    )
    assert explain_changes(older, before) == ["clips.min_silence_s: no such field -> 0.3"]


def test_stages_that_came_and_went_are_told():
    before = records()["cut"]
    after = dataclasses.replace(before, stages=before.stages[1:])
    assert explain_changes(before, after) == ["stage clips is gone"]
    assert explain_changes(after, before) == ["stage clips is new"]
    turned = dataclasses.replace(before, stages=before.stages[::-1])
    assert explain_changes(before, turned) == ["its stages are in another order"]


@pytest.mark.parametrize("end", ["in one sentence.", "in two sentences, with every colour."])
def test_long_texts_are_cut_down_to_where_they_differ(end):
    long = "Describe the clip for somebody who cannot see it, " * 3
    texts = [long + "briefly.", long + end]
    before, now = (record_step(chain(prompt=text)[2], "k", None) for text in texts)
    [line] = explain_changes(before, now)
    assert line.startswith('say.prompt: ...not see it, briefly."')
    assert f"-> ...not see it, {end}"[:40] in line
    assert len(line) < 120
