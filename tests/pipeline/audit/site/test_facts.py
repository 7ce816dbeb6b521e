import dataclasses
import json
import random

import pytest

from interlink.pipeline.audit.claims import split_claims, states_facts
from interlink.pipeline.audit.sample.perturb import Perturbed, perturb
from interlink.pipeline.audit.site.facts import shown_facts
from interlink.schemas.audit import AuditText, Change, ErrorType
from interlink.schemas.text import Evidence, TextKind
from interlink.transforms.captions.camera import CameraFact
from interlink.transforms.captions.colors import ColorShare
from interlink.transforms.captions.facts import _evidence
from interlink.transforms.captions.measure import BackgroundFact, BrightnessFact, Facts
from interlink.transforms.captions.objects import ObjectFact
from interlink.transforms.captions.screen_text import ScreenTextFact
from interlink.transforms.captions.sentence import write_sentence


def evidence(kind, **values):
    return Evidence(kind=kind, ref=json.dumps(values, sort_keys=True))


def thing(color, shape, place, direction=None):
    return evidence(
        "object", color=color, shape=shape, place=place, direction=direction, area=0.1, num_frames=9
    )


STORED = (
    evidence("background", colors=[["beige", 0.9], ["red", 0.02]], border_share=1.0),
    thing("red", "circle", "at the lower right", "from right to left"),
    thing("red", "triangle", "at the lower right"),
    evidence("camera", motion="still", scale=1.0),
)
TEXT = (
    "A red circle moves from right to left over a beige background; "
    "a red triangle stays at the lower right; the camera is still."
)
PLAIN = [
    ("background", "colors: beige / red"),
    (
        "object",
        "color: red, direction: from right to left, place: at the lower right, shape: circle",
    ),
    ("object", "color: red, place: at the lower right, shape: triangle"),
    ("camera", "motion: still"),
]


def text_of(text, model="facts"):
    return AuditText(
        side="a",
        kind=TextKind.CAPTION,
        text=text,
        model=model,
        revision="1",
        claims=split_claims(text, is_facts=states_facts(model)),
    )


def shown(text, before, after, claim, stored=STORED, model="facts"):
    change = Change(side="a", claim=claim, error_type=ErrorType.OBJECT, before=before, after=after)
    return pairs(shown_facts(stored, text_of(text, model), change))


def pairs(facts):
    return [(fact.name, fact.value) for fact in facts]


def differing(facts):
    assert len(facts) == len(PLAIN)
    return [new for new, old in zip(facts, PLAIN, strict=True) if new != old]


def test_facts_are_the_stored_ones_in_words_without_numbers():
    assert pairs(shown_facts(STORED, text_of(TEXT), None)) == PLAIN


@pytest.mark.parametrize(
    ("text", "before", "after", "fact"),
    [
        ("[] triangle", "red", "blue", ("object", "color: blue, place: at the lower right, ")),
        ("A [] circle", "red", "blue", ("object", "color: blue, direction: from right to left, ")),
        ("[] background", "beige", "green", ("background", "colors: green / red")),
        ("the lower []", "right", "left", ("object", "color: red, place: at the lower left, ")),
        (
            "moves []",
            "from right to left",
            "from left to right",
            ("object", "color: red, direction: from left"),
        ),
        ("camera []", "is still", "zooms in", ("camera", "motion: zooms in")),
    ],
)
def test_a_planted_error_stands_in_the_fact_behind_its_claim_alone(text, before, after, fact):
    assert TEXT.count(text.replace("[]", before)) == 1
    new = TEXT.replace(text.replace("[]", before), text.replace("[]", after))
    claims = zip(text_of(TEXT).claims, text_of(new).claims, strict=True)
    [claim] = [old.number for old, new in claims if old != new]
    [changed] = differing(shown(new, before, after, claim))
    assert changed[0] == fact[0]
    assert changed[1].startswith(fact[1])


def test_an_article_that_changed_with_the_word_is_not_looked_for():
    stored = (thing("orange", "circle", "in the center"),)
    facts = shown("A blue circle.", "An orange", "A blue", 0, stored)
    assert facts == [("object", "color: blue, place: in the center, shape: circle")]


def test_an_added_claim_gets_the_fact_that_would_stand_behind_it():
    added = "a green square stays at the upper left"
    facts = shown(f"{TEXT[:-1]}; {added}.", "", f"{added}.", 3)
    assert facts[:3] + facts[4:] == PLAIN
    assert facts[3] == ("object", "color: green, place: at the upper left, shape: square")


def test_a_caption_that_rests_on_nothing_gets_no_fact():
    assert shown("It is dark. A dog barks.", "", "A dog barks.", 1, (), "m") == []


@pytest.mark.parametrize("reference", ["an-id", "7", "[" * 100_000, '"text"', "{", "\x00"])
def test_what_is_no_object_is_shown_as_it_is(reference):
    [fact] = shown_facts((Evidence(kind="k", ref=reference),), text_of(TEXT), None)
    assert fact.value == reference


COLORS = ("red", "blue", "dark green", "orange", "purple", "beige", "gray", "light yellow")
PLACES = ("at the upper left", "at the lower right", "on the right", "in the center")
WAYS = (None, "from left to right", "from right to left", "upwards", "up and to the left")
MOTIONS = ("still", "pans left", "zooms in", "tilts up", "moves")


def measured(draw):
    """Return facts as the captioner measures them, of things that can be told apart."""
    seen = draw.sample([(c, s) for c in COLORS for s in ("circle", "square", "triangle")], 3)
    objects = tuple(
        ObjectFact(
            color=color,
            shape=shape,
            direction=draw.choice(WAYS),
            place=draw.choice(PLACES),
            area=0.1,
            num_frames=9,
        )
        for color, shape in seen
    )
    names = draw.sample(COLORS, 2)
    colors = tuple(ColorShare(name=n, share=s) for n, s in zip(names, (0.5, 0.3), strict=True))
    return Facts(
        background=BackgroundFact(colors=colors, border_share=draw.choice((0.1, 1.0))),
        brightness=BrightnessFact(lightness=50.0),
        camera=CameraFact(
            motion=draw.choice(MOTIONS), shift_x=0.0, shift_y=0.0, scale=1.0, support=1.0
        ),
        objects=objects,
        screen_text=(ScreenTextFact(text="STEP 1", box=(0.0, 0.0, 0.1, 0.1), score=0.9),),
        text_area_share=0.01,
    )


def restated(facts, shown):
    """Return the sentence that the captioner writes of the facts as the page shows them."""
    named = [(f.name, dict(one.split(": ", 1) for one in f.value.split(", "))) for f in shown]
    objects = [values for name, values in named if name == "object"]
    [background] = [values for name, values in named if name == "background"]
    [camera] = [values for name, values in named if name == "camera"]
    colors = zip(facts.background.colors, background["colors"].split(" / "), strict=True)
    things = zip(facts.objects, objects, strict=True)
    return write_sentence(
        dataclasses.replace(
            facts,
            background=dataclasses.replace(
                facts.background,
                colors=tuple(color._replace(name=name) for color, name in colors),
            ),
            camera=dataclasses.replace(facts.camera, motion=camera["motion"]),
            objects=tuple(dataclasses.replace(old, **new) for old, new in things),
        )
    )


def test_of_the_facts_shown_the_captioner_writes_the_caption_with_its_planted_error():
    num_swapped = 0
    for seed in range(500):
        facts = measured(random.Random(seed))
        text = text_of(write_sentence(facts))
        done = perturb([text], seed=seed, key="k")
        assert isinstance(done, Perturbed)
        if done.change.before:
            num_swapped += 1
            shown = shown_facts(tuple(_evidence(facts)), done.texts[0], done.change)
            assert restated(facts, shown) == done.texts[0].text
    assert num_swapped > 300
