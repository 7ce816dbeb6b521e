import dataclasses
import json

import pytest

from interlink.pipeline.audit.site.item import describe_item, find_clip
from interlink.schemas.arrow import to_plain
from interlink.schemas.audit import AuditItem, AuditText, Change, Claim, ErrorType, Pool, Role
from interlink.schemas.clip import Flag
from interlink.schemas.lineage import Lineage
from interlink.schemas.text import Evidence, TextKind

SECRETS = ("perturbed", "first-item", "hidden stratum", "risk", "captions disagree", "a planted")


@pytest.fixture
def document(make_documents):
    document = make_documents("a")[0]
    clip = document.clips[1]
    caption = next(text for text in clip.texts if text.kind == TextKind.CAPTION)
    caption = dataclasses.replace(
        caption, evidence=(Evidence(kind="object", ref='{"color":"red","at":[1,0.5],"to":null}'),)
    )
    texts = tuple(caption if text.kind == TextKind.CAPTION else text for text in clip.texts)
    clip = dataclasses.replace(clip, texts=texts, flags=(Flag.NO_AUDIO,))
    lineage = (Lineage(step="caption", digest="d1", models=("facts@1",)),)
    clips = (document.clips[0], clip, document.clips[2])
    return dataclasses.replace(document, clips=clips, lineage=lineage)


def make_item(document, **fields):
    clip = document.clips[1]
    text = AuditText(
        side="a",
        kind=TextKind.CAPTION,
        text="A circle fills the picture.",
        model="facts",
        revision="1",
        claims=(Claim(number=0, text="A circle fills the picture."),),
    )
    given = {
        "item_id": "i1",
        "order": 0,
        "clip_id": clip.clip_id,
        "document_id": document.document_id,
        "video_id": document.video_id,
        "group": "channel",
        "stratum": "hidden stratum",
        "pool": Pool.RISK,
        "role": Role.PERTURBED,
        "of_item": "first-item",
        "texts": (text,),
        "change": Change(
            side="a", claim=0, error_type=ErrorType.OBJECT, before="square", after="a planted one"
        ),
        "reason": "captions disagree",
    }
    return AuditItem(**(given | fields))


def test_an_item_shows_its_clip_with_words_scores_flags_and_source(document):
    clip = document.clips[1]
    item = describe_item(make_item(document), document, media=None, sheet=None)
    assert (item.start_us, item.end_us) == (clip.start_us, clip.end_us)
    assert [word.text for word in item.words] == ["Sentence", "1."]
    assert {score.name: score.value for score in item.scores}["motion"] == 1.5
    assert {score.name: score.unit for score in item.scores}["speech_share"] == "share"
    assert [flag.name for flag in item.flags] == ["no_audio"]
    assert item.source.license == "CC-BY-4.0"
    assert item.texts[0].writer == "facts (1)"
    assert [(fact.name, fact.value) for fact in item.texts[0].facts] == [("object", "color: red")]


def test_nothing_of_the_plan_reaches_the_page(document):
    item = describe_item(make_item(document), document, media=None, sheet=None)
    text = json.dumps(to_plain(item))
    assert not [secret for secret in SECRETS if secret in text]


def test_the_stored_caption_of_a_perturbed_item_is_nowhere(document):
    stored = next(t.text for t in document.clips[1].texts if t.kind == TextKind.CAPTION)
    item = describe_item(make_item(document), document, media=None, sheet=None)
    assert stored not in json.dumps(to_plain(item))


def test_the_models_stand_beside_the_caption_alone(document):
    item = dataclasses.replace(
        describe_item(make_item(document), document, media=None, sheet=None), texts=()
    )
    assert "facts" not in json.dumps(to_plain(item))
    assert ("step caption", "d1") in [(fact.name, fact.value) for fact in item.provenance]


def test_the_context_has_the_neighbours_texts_and_the_speech_between(document):
    context = describe_item(make_item(document), document, media=None, sheet=None).context
    assert [clip.is_this for clip in context.clips] == [False, True, False]
    assert context.clips[1].texts == ()
    assert any(text.kind == TextKind.CAPTION for text in context.clips[0].texts)
    assert [gap.text for gap in context.gaps] == ["and then", "and then"]


def test_a_clip_of_another_document_is_an_error(document):
    item = make_item(document, clip_id="f" * 32)
    with pytest.raises(ValueError, match=f"clip {'f' * 32} is not in document"):
        find_clip(item, document)
