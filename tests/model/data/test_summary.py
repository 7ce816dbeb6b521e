"""What a recipe would train on."""

import pytest

from interlink.model.data.packing import make_packing
from interlink.model.data.summary import summarize


def test_a_summary_counts_samples_tokens_and_repeats(
    write_dataset, make_documents, make_samples, tmp_path, helpers
):
    texts = [("given", "red circle"), ("speech", "spoken words")], [("narrative", "x" * 70)], []
    documents = [helpers.with_texts(document, *texts) for document in make_documents(*"abcdefghij")]
    samples = make_samples(write_dataset(documents))
    packing = make_packing(samples, tmp_path)
    summary = summarize(samples, packing, seed=0, global_batch=2, num_batches=30)
    # 12 tokens and 3 clips each, of 128 tokens and 6 clips: two documents to a sequence
    assert (summary.packed_sequences, summary.batches, summary.epochs) == (5, 2, 15)
    assert summary.padding_share == pytest.approx(1 - 24 / 128)
    assert summary.never_trained_share == pytest.approx(1 - 10 / 92)
    rows = dict(summary.rows())
    assert rows["samples"] == "10 with 30 clips and 60 frames"
    assert rows["tokens with loss"] == "given 30"
    assert rows["text tokens without loss"] == "speech 20"
    assert rows["epochs (repeats)"] == "15.00"
    assert rows["text never trained on"] == "89.1% of its characters"
