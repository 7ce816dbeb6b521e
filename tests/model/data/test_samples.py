"""One sample: a window of a document, rendered."""

import dataclasses

import pytest

from interlink.model.data.cutting import cut_document
from interlink.model.data.policy import TextPolicy
from interlink.model.data.samples import count_by_kind


@pytest.fixture
def sampled(write_dataset, make_documents, make_samples, helpers):
    texts = [("given", "red"), ("speech", "words")], [("caption", "blue")], []
    url = write_dataset([helpers.with_texts(make_documents("a")[0], *texts)])

    def make(**fields):
        samples = make_samples(url, **fields)
        (document,) = samples.dataset.documents()
        return samples, document

    return make


def test_a_document_is_rendered_clip_by_clip(sampled):
    samples, document = sampled()
    (window,), _ = cut_document(samples, document)
    rendered = samples.render(document, window, seed=0, epoch=0)
    text = samples.vocabulary.backend.decode(rendered.ids, skip_special_tokens=False)
    assert text.replace(" ", "") == (
        "<s><visual>wordsred<|endofchunk|><visual>blue<|endofchunk|><visual><|endofchunk|></s>"
    )
    assert count_by_kind(rendered) == ({"given": 2, "caption": 2}, {"speech": 1})


def test_faithful_labels_go_by_the_form_of_the_sample(sampled):
    for form, expected in (("interleaved", (0, 2, 3)), ("pairs", (2, 3))):
        samples, document = sampled(faithful=True, form=form)
        window = cut_document(samples, document)[0][0]
        rendered = samples.render(document, window, seed=0, epoch=0)
        with_loss = [index for index, label in enumerate(rendered.labels) if label != -100]
        assert tuple(with_loss[: len(expected)]) == expected, form
        assert with_loss[-1] == len(rendered.ids) - 1  # the end of text


def test_faithful_documents_of_pictures_have_the_table_of_pictures(
    sampled, write_dataset, make_samples, helpers
):
    _, document = sampled()
    clips = tuple(dataclasses.replace(clip, frames=clip.frames[:1]) for clip in document.clips)
    pictures = helpers.sealed(dataclasses.replace(document, clips=clips, num_frames=3))
    samples = make_samples(write_dataset([pictures], name="pictures"), faithful=True)
    (window,), _ = cut_document(samples, pictures)
    rendered = samples.render(pictures, window, seed=0, epoch=0)
    assert rendered.labels[0] == rendered.labels[-1] == -100


def test_the_text_of_a_pair_is_never_speech(sampled):
    samples, document = sampled(form="pairs", policy=TextPolicy(speech="on"))
    piece = samples.seen_piece(document, document.clips[0], seed=0, epoch=0)
    assert piece is not None
    assert piece.text == "red"
    assert samples.seen_piece(document, document.clips[2], seed=0, epoch=0) is None
    assert [samples.is_useful(clip) for clip in document.clips] == [True, True, False]
