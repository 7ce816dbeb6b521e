"""A stage places a transform; a step is what lies between two commits."""

import pytest
from interlink_toys import Act, Bind, Bundle, Copy, Inspect, Item, Multiply

from interlink.pipeline.step import Resources, Stage, Step
from interlink.schemas.source import Source
from interlink.transforms.base import Map


def step(*transforms, name="toy", **options) -> Step:
    stages = [Stage(name=type(t).__name__, transform=t) for t in transforms]
    return Step(name=name, stages=stages, **options)


def test_record_types_are_read_from_the_class_line():
    whole = step(Act(), Multiply(), Bind())
    assert (whole.input_type, whole.output_type) == (Source, Bundle)
    assert whole.stages[1].input_type is Item


def test_record_types_are_inherited():
    class Special(Inspect):
        pass

    assert step(Special()).output_type is Item


def test_stages_that_do_not_fit_are_refused():
    with pytest.raises(TypeError, match="stage 'Bind' takes Item, but 'Copy' gives Source"):
        step(Copy(), Bind())


def test_a_transform_must_name_its_types():
    class Vague(Map):
        def process_batch(self, records):
            return []

    with pytest.raises(TypeError, match="Vague must name its record types"):
        step(Vague()).input_type  # noqa: B018


def test_the_key_follows_transforms_and_earlier_steps_and_nothing_else():
    key = step(Act()).key("before")
    placed = Step(
        name="toy",
        stages=[Stage(name="other", transform=Act(folder="/elsewhere"), batch_size=9)],
        engine="ray",
        resources=Resources(workers=7),
    )
    assert placed.key("before") == key
    assert step(Act()).key("another") != key
    assert step(Act(), name="other").key("before") != key
    assert step(Act(setup_fault="x")).key("before") != key
    assert step(Act(), Multiply()).key("before") != key


def test_a_new_version_of_a_transform_makes_a_new_key(monkeypatch):
    key = step(Act()).key("")
    monkeypatch.setattr(Act, "version", 2)
    assert step(Act()).key("") != key
