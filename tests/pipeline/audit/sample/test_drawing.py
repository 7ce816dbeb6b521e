import dataclasses
import itertools
from collections import Counter

import pytest

from interlink.pipeline.audit.claims import split_claims
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.schemas.audit import AuditItem, AuditPlan, Pool, Role
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind, TextStatus


def plain(plan: AuditPlan, pool: Pool = Pool.ESTIMATION) -> list[AuditItem]:
    return [item for item in plan.items if item.role is Role.PLAIN and item.pool is pool]


def with_languages(documents, *languages):
    sources = [
        dataclasses.replace(d.source, language=languages[n % len(languages)])
        for n, d in enumerate(documents)
    ]
    return [dataclasses.replace(d, source=s) for d, s in zip(documents, sources, strict=True)]


@pytest.fixture
def url(audited) -> str:
    """36 clips of 12 videos in two shards, a quarter of them in German."""
    documents = with_languages(audited.documents(12), "de", "en", "en", "en")
    documents = [audited.sealed(document) for document in documents]
    return audited.write(documents[:5], documents[5:])


def test_the_same_settings_draw_the_same_plan_and_another_seed_another(url):
    settings = AuditSettings(num_clips=10, strata=("language",))
    plan = draw_sample(url, settings)
    assert draw_sample(url, settings) == plan
    other = draw_sample(url, dataclasses.replace(settings, seed=1))
    assert other.audit_id != plan.audit_id
    assert {i.clip_id for i in other.items} != {i.clip_id for i in plan.items}


@pytest.mark.parametrize("strata", [(), ("language",), ("language", "speech", "score")])
def test_a_larger_sample_holds_the_smaller_one_in_the_same_order(url, strata):
    settings = AuditSettings(
        num_clips=1,
        strata=strata,
        score="motion",
        num_risk=4,
        min_per_stratum=1,
        repeat_share=0.3,
        perturbed_share=0.3,
    )
    plans = [draw_sample(url, dataclasses.replace(settings, num_clips=n)) for n in (8, 15, 24, 50)]
    for small, large in itertools.pairwise(plans):
        assert small.audit_id == large.audit_id
        first = [item.clip_id for item in plain(small)]
        assert [item.clip_id for item in plain(large)][: len(first)] == first
        ids = [item.item_id for item in large.items]
        places = [ids.index(i.item_id) for i in small.items if i.pool is Pool.ESTIMATION]
        assert places == sorted(places)
        assert {item.item_id for item in small.items} <= set(ids)
        assert len(set(ids)) == len(ids)


def test_probabilities_are_those_of_the_strata_and_sum_to_the_sample(url):
    plan = draw_sample(url, AuditSettings(num_clips=12, strata=("language",), min_per_stratum=5))
    assert [(s.stratum, s.population, s.sampled) for s in plan.sizes] == [
        ("language=en", 27, 7),
        ("language=de", 9, 5),
    ]
    by_stratum = Counter(item.stratum for item in plain(plan))
    assert by_stratum == {"language=en": 7, "language=de": 5}
    for item in plain(plan):
        size = next(size for size in plan.sizes if size.stratum == item.stratum)
        assert item.inclusion_probability == size.sampled / size.population
    weights = [1 / item.inclusion_probability for item in plain(plan)]
    assert sum(weights) == pytest.approx(36)


def test_more_clips_than_there_are_draw_all_with_certainty(url):
    plan = draw_sample(url, AuditSettings(num_clips=1000, strata=("language", "group"), num_risk=9))
    assert len(plain(plan)) == len({item.clip_id for item in plain(plan)}) == 36
    assert {item.inclusion_probability for item in plain(plan)} == {1.0}
    assert plain(plan, Pool.RISK) == []


def test_strata_of_one_or_two_clips_are_drawn_whole(audited):
    documents = audited.documents(9, clips=1)
    documents = [
        *with_languages(documents[:1], "fr"),
        *with_languages(documents[1:3], "de"),
        *with_languages(documents[3:], "en"),
    ]
    url = audited.write([audited.sealed(document) for document in documents])
    plan = draw_sample(url, AuditSettings(num_clips=6, strata=("language",)))
    found = {size.stratum: (size.population, size.sampled) for size in plan.sizes}
    assert found == {"language=en": (6, 3), "language=de": (2, 2), "language=fr": (1, 1)}
    with pytest.raises(UsageError, match=r"cannot draw from each of 3 strata"):
        draw_sample(url, AuditSettings(num_clips=2, strata=("language",)))


def test_the_risk_pool_has_the_worst_scores_apart_from_the_estimate(url):
    plan = draw_sample(url, AuditSettings(num_clips=6, num_risk=8, score="motion", worst="high"))
    risk = plain(plan, Pool.RISK)
    assert len(risk) == 8
    assert not {i.clip_id for i in risk} & {i.clip_id for i in plain(plan)}
    assert {item.reason for item in risk} == {"motion 3"}
    assert {item.inclusion_probability for item in risk} == {None}
    assert [item.pool for item in plan.items[-8:]] == [Pool.RISK] * 8
    assert draw_sample(url, AuditSettings(num_clips=6, num_risk=8)).items[-1].pool != Pool.RISK


def test_repeats_and_planted_errors_come_after_what_they_repeat(url):
    plan = draw_sample(url, AuditSettings(num_clips=36, repeat_share=0.2, perturbed_share=0.2))
    by_id = {item.item_id: item for item in plan.items}
    roles = Counter(item.role for item in plan.items)
    assert 6 <= roles[Role.REPEAT] <= 8
    assert 6 <= roles[Role.PERTURBED] <= 8
    assert [item.order for item in plan.items] == list(range(len(plan.items)))
    origins = [item.of_item for item in plan.items if item.of_item]
    assert len(set(origins)) == len(origins)
    for item in plan.items:
        if item.role is Role.PLAIN:
            assert item.of_item is None
            continue
        origin = by_id[item.of_item]
        assert (origin.role, origin.clip_id) == (Role.PLAIN, item.clip_id)
        assert origin.order < item.order
        assert item.inclusion_probability is None
        assert (item.texts == origin.texts) is (item.role is Role.REPEAT)
        assert (item.change is not None) is (item.role is Role.PERTURBED)


def test_what_was_taken_down_is_not_drawn(audited, url):
    documents = {i.document_id: i for i in plain(draw_sample(url, AuditSettings(num_clips=36)))}
    video, document, clip, source = list(documents.values())[:4]
    whole = audited.read(url)
    source_id = next(d.source.source_id for d in whole if d.document_id == source.document_id)
    audited.take_down(url, video.video_id, document.document_id, clip.clip_id, source_id)
    plan = draw_sample(url, AuditSettings(num_clips=36))
    assert plan.num_excluded == 3 + 3 + 1 + 3
    assert len(plain(plan)) == 26
    drawn = {item.clip_id for item in plan.items}
    assert clip.clip_id not in drawn
    assert not {video.video_id, source.video_id} & {item.video_id for item in plan.items}
    older = draw_sample(url, AuditSettings(num_clips=36), version=1)
    assert {item.clip_id for item in older.items} == drawn, "nor of a version before"


def two_models(audited, num_videos: int = 6):
    texts = [
        [
            {"text": f"A dog number {n}. It sits.", "model": "one"},
            {"text": f"A dog number {n}. It sits." if n == 0 else "A cat.", "model": "two"},
        ]
        for n in range(3)
    ]
    return [audited.with_texts(d, *texts) for d in audited.documents(num_videos)]


def test_two_captions_stand_side_by_side_in_an_order_drawn_by_chance(audited):
    url = audited.write(two_models(audited))
    plan = draw_sample(url, AuditSettings(num_clips=18, num_risk=0))
    assert {len(item.texts) for item in plan.items} == {2}
    assert {tuple(t.side for t in item.texts) for item in plan.items} == {("a", "b")}
    firsts = Counter(item.texts[0].model for item in plain(plan))
    assert min(firsts["one"], firsts["two"]) >= 3
    for item in plan.items:
        for text in item.texts:
            assert text.claims == split_claims(text.text)


def test_captions_that_disagree_are_a_risk(audited):
    url = audited.write(two_models(audited))
    plan = draw_sample(url, AuditSettings(num_clips=2, num_risk=12))
    risk = plain(plan, Pool.RISK)
    assert {item.reason for item in risk} == {"captions disagree"}
    assert all(len({text.text for text in item.texts}) == 2 for item in risk)


def test_one_model_can_be_named_and_a_third_must_be_chosen_from(audited):
    url = audited.write(two_models(audited))
    plan = draw_sample(url, AuditSettings(num_clips=5, models=("two",)))
    assert {text.model for item in plan.items for text in item.texts} == {"two"}
    with pytest.raises(UsageError, match=r"has no text by 'three' of kind given, caption"):
        draw_sample(url, AuditSettings(num_clips=5, models=("three",)))
    texts = [[{"text": "A.", "model": m} for m in "xyz"]] * 3
    three = audited.write([audited.with_texts(d, *texts) for d in audited.documents(1)], name="3")
    with pytest.raises(
        UsageError, match=r"captions by x \(3 clips\), y \(3 clips\), z \(3 clips\)"
    ):
        draw_sample(three, AuditSettings(num_clips=5))
    assert len(plain(draw_sample(three, AuditSettings(num_clips=5, models=("x", "z"))))) == 3


def test_only_texts_that_training_may_use_are_judged(audited):
    texts = [
        [{"text": "Bad.", "status": TextStatus.DEGENERATE}],
        [{"text": "Cut off", "status": TextStatus.TRUNCATED}, {"text": "Whole."}],
        [{"text": "; ;", "model": "facts"}, {"text": "Spoken.", "kind": TextKind.SPEECH}],
    ]
    url = audited.write([audited.with_texts(d, *texts) for d in audited.documents(2)])
    plan = draw_sample(url, AuditSettings(num_clips=9))
    assert [item.texts[0].text for item in plain(plan)] == ["Whole."] * 2
    assert plan.num_without_text == 4
    speech = [[{"text": "Spoken.", "kind": TextKind.SPEECH}]] * 3
    silent = audited.write([audited.with_texts(d, *speech) for d in audited.documents(1)], name="s")
    with pytest.raises(UsageError, match=r"has no text that can be judged of kind given, caption"):
        draw_sample(silent, AuditSettings(num_clips=9))


def test_planted_errors_that_cannot_be_are_counted(audited):
    texts = [[{"text": "Ein Hund und die Katze.", "language": "de"}]] * 3
    url = audited.write([audited.with_texts(d, *texts) for d in audited.documents(4)])
    plan = draw_sample(url, AuditSettings(num_clips=12, perturbed_share=0.5))
    assert plan.num_unchanged >= 5
    assert Role.PERTURBED not in {item.role for item in plan.items}


def test_a_view_narrows_what_is_drawn_from(url):
    plan = draw_sample(url, AuditSettings(num_clips=36, view="train"))
    assert plan.view == "train"
    assert plan.audit_id != draw_sample(url, AuditSettings(num_clips=36)).audit_id
    with pytest.raises(UsageError, match=r"no view 'best'"):
        draw_sample(url, AuditSettings(num_clips=36, view="best"))


def test_ids_of_items_tell_neither_role_nor_pool(url):
    plan = draw_sample(url, AuditSettings(num_clips=20, num_risk=5, score="motion"))
    for item in plan.items:
        assert len(item.item_id) == 32
        assert item.clip_id not in item.item_id


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_clips": 0}, "--n 0 must be at least 1"),
        ({"repeat_share": 0.6}, r"--repeats 0.6 must lie in \[0, 0.5\]"),
        ({"models": ("a", "b", "c")}, "--model a, b, c: name at most two"),
        ({"kinds": ()}, "at least one kind"),
        ({"kinds": (TextKind.SPEECH,)}, "--kinds speech: what is said is no caption"),
        ({"strata": ("score",)}, "--strata score needs the name of one"),
    ],
)
def test_settings_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        AuditSettings(**({"num_clips": 5} | fields))
