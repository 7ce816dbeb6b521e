"""What the card counts is what the documents hold."""

from collections import Counter

import pyarrow as pa
import pytest

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.publish.card_facts import Histogram, by_count, collect_facts
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.storage.store import Store


def test_a_value_at_an_edge_counts_above_it_and_nulls_do_not_count():
    histogram = Histogram(edges=(1.0, 2.0))
    histogram.add(pa.chunked_array([[0.5, 1.0, None, 1.9], [2.0, 7.0, 3.0]]))
    assert histogram.counts == [1, 2, 3]
    histogram.add(pa.chunked_array([[]], pa.float64()))
    assert histogram.counts == [1, 2, 3]


def test_the_most_frequent_comes_first_and_a_tie_goes_by_name():
    assert by_count(Counter(b=1, a=1, c=5)) == [("c", 5), ("a", 1), ("b", 1)]


def test_facts_agree_with_the_documents(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b"))
    dataset = Store(recipe.dataset_url)
    facts = collect_facts(dataset, read_manifest(dataset))
    documents = list(read_documents(recipe.dataset_url))
    clips = [clip for document in documents for clip in document.clips]
    texts = [text for clip in clips for text in clip.texts]
    assert facts.num_documents == len(documents) == 2
    assert facts.num_clips == len(clips) == sum(facts.durations.counts)
    assert facts.num_chars == sum(len(document.text) for document in documents)
    assert facts.hours == pytest.approx(sum(d.end_us - d.start_us for d in documents) / 3.6e9)
    assert facts.texts.total() == len(texts)
    assert {of.kind for of in facts.texts} == {text.kind.value for text in texts}
    assert facts.flags == Counter(flag.value for clip in clips for flag in clip.flags)
    assert sum(facts.characters.counts) == 2
    with_words = [clip for clip in clips if clip.scores.word_probability is not None]
    assert sum(facts.probabilities.counts) == len(with_words)
    ten_seconds = [c for c in clips if 10e6 <= c.end_us - c.start_us < 15e6]
    assert facts.durations.counts[facts.durations.edges.index(10) + 1] == len(ten_seconds)
