import dataclasses

import numpy as np
import pytest

from interlink.examples.drawing import ScenePicture
from interlink.examples.observed import Claims, Thing, observe_documents, observe_records
from interlink.examples.story import Scene
from interlink.examples.truth import ObjectTruth
from interlink.schemas.text import Caption, Evidence, Segment, TextKind, Transcript
from interlink.schemas.video import Boundary, BoundaryKind
from interlink.transforms.captions.captioner import ClipFrame, ClipFrames
from interlink.transforms.captions.facts import FactsCaptioner

S = 1_000_000
EVIDENCE = (
    Evidence(kind="background", ref='{"border_share":1.0,"colors":[["beige",0.9],["red",0.1]]}'),
    Evidence(kind="object", ref='{"color":"red","direction":"downwards","shape":"circle"}'),
    Evidence(kind="object", ref='{"color":"blue","direction":null,"shape":"rectangle"}'),
    Evidence(kind="camera", ref='{"motion":"zooms in"}'),
    Evidence(kind="screen_text", ref='{"text":"STEP"}'),
    Evidence(kind="screen_text", ref='{"text":"1"}'),
)
CAPTION = Caption(kind=TextKind.CAPTION, text="...", start_us=0, end_us=4 * S, evidence=EVIDENCE)
SCREEN_TEXT = dataclasses.replace(CAPTION, kind=TextKind.SCREEN_TEXT, evidence=EVIDENCE[4:])


def claims_of(document, *captions) -> Claims:
    clip = dataclasses.replace(document.clips[0], texts=captions)
    return observe_documents([dataclasses.replace(document, clips=(clip,))]).clips[0]


def test_facts_beside_a_caption_are_read_in_the_truth_s_words(make_documents):
    claims = claims_of(make_documents("a")[0], CAPTION, SCREEN_TEXT)
    assert claims == Claims(
        start_us=0,
        end_us=4 * S,
        background="beige",
        camera="zoom in",
        screen_text="STEP 1",
        things=(
            Thing(color="red", shape="circle", motion="top to bottom"),
            Thing(color="blue", shape="rectangle", motion="still"),
        ),
    )


def test_captions_without_facts_and_an_unclear_camera_claim_nothing(make_documents):
    document = make_documents("a")[0]
    unclear = (Evidence(kind="camera", ref='{"motion":"unclear"}'),)
    for captions in ((), (dataclasses.replace(CAPTION, evidence=unclear),)):
        assert claims_of(document, *captions) == Claims(start_us=0, end_us=4 * S)


def test_the_speech_of_documents_is_that_of_clips_and_gaps_in_time_order(make_documents):
    documents = make_documents("a", clips=3)
    expected = "Sentence 0. and then Sentence 1. and then Sentence 2."
    assert observe_documents(documents).speech == expected


def test_edges_of_clips_stand_for_boundaries_unless_those_are_given(make_documents):
    documents = make_documents("a", clips=3)
    edges = observe_documents(documents).boundaries
    assert {edge.kind for edge in edges} == {BoundaryKind.CUT}
    assert [edge.time_us for edge in edges] == [4 * S, 5 * S, 9 * S, 10 * S]
    given = Boundary(kind=BoundaryKind.CUT, time_us=1, start_us=1, end_us=1, score=1.0)
    assert observe_documents(documents, [given]).boundaries == (given,)
    assert observe_documents(documents, []).boundaries == ()


def test_records_of_the_steps_give_boundaries_speech_and_claims(make_clips):
    clips = [dataclasses.replace(clip, captions=(CAPTION,)) for clip in make_clips(2, name="a")]
    cut = Boundary(kind=BoundaryKind.CUT, time_us=S, start_us=S, end_us=S, score=1.0)
    segments = tuple(
        Segment(start_us=n * S, end_us=n * S + 1, text=text) for n, text in enumerate(["A.", "B."])
    )
    transcript = Transcript(language="en", model="m", revision="r", segments=segments)
    observed = observe_records([cut], transcript, clips)
    assert observed.boundaries == (cut,)
    assert observed.speech == "A. B."
    assert [claims.start_us for claims in observed.clips] == [0, 5 * S]
    assert {claims.background for claims in observed.clips} == {"beige"}
    assert observe_records([], None, []).speech == ""


@pytest.mark.parametrize("motion", ["left to right", "bottom to top", "still"])
def test_the_facts_captioner_s_facts_are_understood(make_documents, motion):
    ball = ObjectTruth(shape="circle", color="red", name="ball", motion=motion)
    scene = Scene(
        background="beige", camera="still", screen_text="STEP 1", objects=(ball,), sentences=()
    )
    picture = ScenePicture(scene, np.random.default_rng(0))
    frames = tuple(
        ClipFrame(time_us=number * S // 2, sha256="", rgb=picture.frame(number / 9))
        for number in range(10)
    )
    captioner = FactsCaptioner(read_screen_text=False)
    captioner.setup()
    shown = ClipFrames(clip_id="c", start_us=0, end_us=5 * S, frames=frames, frames_digest="")
    captions = captioner.caption([shown])[0].captions
    claims = claims_of(make_documents("a")[0], *captions)
    assert (claims.background, claims.camera) == ("beige", "still")
    assert Thing(color="red", shape="circle", motion=motion) in claims.things
