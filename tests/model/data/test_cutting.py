"""What comes of each document: windows, and counts of what they hold and leave out."""

import dataclasses

import pytest

from interlink.model.data.dataset import open_dataset
from interlink.model.data.packing import make_packing
from interlink.model.data.windows import Budgets

GIVEN, CAPTION, SPEECH = "given", "caption", "speech"


@pytest.fixture
def document(make_documents):
    return make_documents("a")[0]


def test_a_window_takes_what_its_rendering_takes(
    write_dataset, make_documents, make_samples, tmp_path
):
    url = write_dataset(make_documents("a", clips=6))
    samples = make_samples(url, budgets=Budgets(tokens=64, media=9))
    packing = make_packing(samples, tmp_path)
    assert len(packing) > 1
    (document,) = samples.dataset.documents()
    for number in range(len(packing)):
        window = packing.window(number)
        rendered = samples.render(document, window, seed=0, epoch=0)
        assert len(rendered.ids) == window.tokens <= 64
    assert [packing.window(n).is_end for n in range(len(packing))][-1]


def test_the_longest_text_that_may_be_drawn_counts(
    write_dataset, document, make_samples, tmp_path, helpers
):
    short, long = (CAPTION, "red"), (CAPTION, "red circle " * 8)
    url = write_dataset([helpers.with_texts(document, [short, long], [long], [short])])
    samples = make_samples(url)
    window = make_packing(samples, tmp_path).window(0)
    counts = {
        len(samples.render(document_row(url), window, seed=0, epoch=e).ids) for e in range(20)
    }
    assert len(counts) == 2
    assert max(counts) == window.tokens


def document_row(url):
    return next(open_dataset(url).documents())


def test_counts_say_what_is_trained_and_what_is_not(
    write_dataset, document, make_samples, tmp_path, helpers
):
    texts = [(GIVEN, "red circle"), (SPEECH, "spoken words")], [("narrative", "x" * 70)], []
    samples = make_samples(write_dataset([helpers.with_texts(document, *texts)]))
    counts = make_packing(samples, tmp_path).counts
    assert counts.tokens_with_loss == {GIVEN: 3}  # two words and the end of chunk
    assert counts.tokens_without_loss == {SPEECH: 2}
    assert counts.texts_by_kind == {GIVEN: 1, "narrative": 1, SPEECH: 1}
    assert (counts.chars, counts.chars_trained) == (92, 10)
    assert (counts.windows, counts.media, counts.frames, counts.tokens) == (1, 3, 6, 12)


def test_pairs_are_the_clips_with_a_text(write_dataset, document, make_samples, tmp_path, helpers):
    texts = [(GIVEN, "red")], [(SPEECH, "spoken")], [(CAPTION, "blue")]
    url = write_dataset([helpers.with_texts(document, *texts)])
    packing = make_packing(make_samples(url, form="pairs"), tmp_path)
    assert [packing.window(n).clips for n in range(len(packing))] == [(0,), (2,)]


def test_clips_without_frames_are_left_out(
    write_dataset, document, make_samples, tmp_path, helpers
):
    blind = dataclasses.replace(document.clips[1], frames=())
    clips = (document.clips[0], blind, document.clips[2])
    frames = sum(len(clip.frames) for clip in clips)
    document = helpers.sealed(dataclasses.replace(document, clips=clips, num_frames=frames))
    packing = make_packing(make_samples(write_dataset([document])), tmp_path)
    assert packing.window(0).clips == (0, 2)
    assert packing.counts.clips_without_frames == 1
