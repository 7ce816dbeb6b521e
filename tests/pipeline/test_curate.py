"""The steps of a recipe, and what changes their keys."""

import pickle
from itertools import pairwise

import pytest

from interlink.pipeline.curate import curate, step_keys
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.schemas.document import Document
from interlink.schemas.source import Source

STEPS = ["fetch", "scan", "transcribe", "cut", "caption", "assemble"]


def keys(**sections) -> dict[str, str]:
    steps = curate(make_recipe({"sources": "videos.txt"} | sections))
    return dict(zip(STEPS, step_keys(steps), strict=True))


def test_the_steps_lead_from_sources_to_documents():
    steps = curate(make_recipe({"sources": "videos.txt"}))
    assert [step.name for step in steps] == STEPS
    assert (steps[0].input_type, steps[-1].output_type) == (Source, Document)
    assert all(before.output_type is after.input_type for before, after in pairwise(steps))


def test_engines_and_workers_are_those_of_the_recipe():
    steps = curate(
        make_recipe({"sources": "x", "steps": {"caption": {"engine": "local", "workers": 3}}})
    )
    by_name = {step.name: step for step in steps}
    assert (by_name["caption"].engine, by_name["caption"].resources.workers) == ("local", 3)
    assert (by_name["fetch"].engine, by_name["transcribe"].engine) == ("beam", "ray")


def test_all_steps_can_be_moved_to_one_engine():
    recipe = make_recipe({"sources": "x", "steps": {"caption": {"gpus": 1}}})
    steps = curate(recipe, engine="local")
    assert {step.engine for step in steps} == {"local"}
    assert steps[4].resources.gpus == 1


@pytest.mark.parametrize(
    ("edit", "first"),
    [
        ({"fetch": {"max_bytes": 1000}}, "fetch"),
        ({"scan": {"frames_per_s": 1.0}}, "scan"),
        ({"transcribe": {"recognizer": {"beam_size": 1}}}, "transcribe"),
        ({"clips": {"max_duration_s": 10.0}}, "cut"),
        ({"filters": {"rules": [{"score": "motion", "minimum": 1}]}}, "cut"),
        ({"cut": {"mode": "none"}}, "cut"),
        ({"caption": {"captioner": {"backend": "facts", "read_screen_text": False}}}, "caption"),
        ({"assemble": {"max_clips": 3}}, "assemble"),
    ],
)
def test_an_edit_changes_its_own_key_and_all_later_ones(edit, first):
    before, after = keys(), keys(**edit)
    changed = STEPS[STEPS.index(first) :]
    assert [step for step in STEPS if before[step] != after[step]] == changed


@pytest.mark.parametrize(
    "edit",
    [
        {"run": "elsewhere", "dataset": "there", "name": "x", "scratch": "/tmp/x"},
        {"steps": {step: {"engine": "local", "workers": 9} for step in STEPS}},
        {"fetch": {"concurrency": 9, "timeout_s": 1.0, "user_agent": "x"}},
        {"retries": {"attempts": 9}},
        {"transcribe": {"recognizer": {"device": "cpu"}}},
    ],
)
def test_places_engines_and_patience_change_no_key(edit):
    assert keys(**edit) == keys()


def test_documents_carry_the_keys_of_all_steps_and_their_models():
    steps = curate(make_recipe({"sources": "x"}))
    lineage = steps[-1].stages[0].transform.lineage
    assert [(line.step, line.digest) for line in lineage] == list(keys().items())
    models = {line.step: line.models for line in lineage}
    assert models["transcribe"][0].startswith("whisper-base@")
    assert models["fetch"] == ()


def test_steps_pickle_before_they_are_set_up():
    steps = curate(make_recipe({"sources": "x"}))
    again = pickle.loads(pickle.dumps(steps))
    assert step_keys(again) == step_keys(steps)
