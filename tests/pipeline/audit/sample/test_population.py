import dataclasses

import numpy as np
import pytest

from interlink.pipeline.audit.sample.population import Population, read_population
from interlink.pipeline.audit.sample.sampling import order_key
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import ClipScores


def population(url: str, **fields) -> Population:
    store = Store(url)
    return read_population(store, read_manifest(store), AuditSettings(num_clips=1, **fields))


@pytest.fixture
def documents(audited):
    return audited.documents(5)


def test_every_clip_stands_in_it_once(audited, documents):
    found = population(audited.write(documents), seed=4)
    ids = [clip.clip_id for document in documents for clip in document.clips]
    assert sorted(found.keys.tolist()) == sorted(order_key(4, one) for one in ids)
    assert found.names == ("all",)
    assert found.sizes() == [len(found)] == [15]
    assert np.isnan(found.scores).all()


def test_a_clip_in_two_documents_is_drawn_from_one(audited, documents):
    found = population(audited.write(documents[:2], documents[1:]))
    assert len(found) == len(np.unique(found.keys)) == 15


def test_strata_are_crossed_and_clips_without_the_score_are_apart(audited, documents):
    clips = [dataclasses.replace(c, scores=ClipScores()) for c in documents[0].clips]
    changed = audited.sealed(dataclasses.replace(documents[0], clips=tuple(clips)))
    url = audited.write([changed, *documents[1:]])
    found = population(url, strata=("duration", "score"), score="motion")
    assert dict(zip(found.names, found.sizes(), strict=True)) == {
        "duration=2-5 s, motion 0 to 0.45": 4,
        "duration=2-5 s, motion 1.5 to 2.55": 4,
        "duration=2-5 s, motion from 3": 4,
        "duration=2-5 s, motion none": 3,
    }
    assert found.score_edges == pytest.approx((0.0, 0.45, 1.5, 2.55, 3.0))
    assert np.isnan(found.scores).sum() == 3


def test_scores_of_documents_and_texts_are_found_by_name(audited, documents):
    url = audited.write(documents)
    assert not np.isnan(population(url, score="clip_share").scores).any()
    assert np.isnan(population(url, score="avg_logprob").scores).all()


def test_it_holds_some_forty_bytes_for_each_clip(audited, documents):
    found = population(audited.write(documents), strata=("score",), score="motion")
    arrays = (
        found.keys,
        found.rows,
        found.numbers,
        found.strata,
        found.scores,
        found.disagreements,
    )
    assert sum(array.nbytes for array in arrays) == 40 * len(found)
