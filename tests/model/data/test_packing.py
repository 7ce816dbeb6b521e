"""The windows of a dataset: computed once, kept by their digest."""

import dataclasses

import pytest

from interlink.model.data import packing as packing_file
from interlink.model.data.dataset import open_dataset
from interlink.model.data.packing import make_packing
from interlink.model.data.policy import TextPolicy
from interlink.model.data.windows import Budgets
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind

GIVEN, CAPTION, SPEECH = "given", "caption", "speech"


@pytest.fixture
def document(make_documents):
    return make_documents("a")[0]


def test_windows_name_the_document_and_its_clips(
    write_dataset, make_documents, make_samples, tmp_path
):
    url = write_dataset(make_documents("a", "b"), make_documents("c"))
    packing = make_packing(make_samples(url), tmp_path)
    assert len(packing) == 3
    assert packing.place(2)[0] == 1
    assert packing.window(0).clips == (0, 1, 2)
    assert packing.media.tolist() == [3, 3, 3]
    videos = [document.video_id for document in open_dataset(url).documents()]
    assert packing.video.tolist() == [int(video[:15], 16) for video in videos]


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


def test_a_packing_is_computed_once(write_dataset, document, make_samples, tmp_path, monkeypatch):
    samples = make_samples(write_dataset([document]))
    first = make_packing(samples, tmp_path)
    monkeypatch.setattr(packing_file, "_compute", None)
    again = make_packing(samples, tmp_path)
    assert again.digest == first.digest
    assert again.counts == first.counts
    assert [path.suffix for path in tmp_path.glob(f"{first.digest}*")] == [".parquet"]


def test_two_that_compute_it_write_the_same_bytes(write_dataset, document, make_samples, tmp_path):
    samples = make_samples(write_dataset([document]))
    files = []
    for name in ("a", "b"):
        make_packing(samples, tmp_path / name)
        files.append((tmp_path / name / f"{samples.packing_digest}.parquet").read_bytes())
    assert files[0] == files[1]


def test_what_decides_on_windows_changes_the_digest(write_dataset, document, make_samples, helpers):
    samples = make_samples(write_dataset([document]))
    other_text = helpers.with_texts(document, [(GIVEN, "red")], [], [])
    others = [
        make_samples(write_dataset([other_text], name="other")),
        make_samples(samples.dataset.url, "train"),
        dataclasses.replace(samples, policy=TextPolicy(speech="off")),
        dataclasses.replace(samples, budgets=Budgets(tokens=99, media=6)),
        dataclasses.replace(samples, form="pairs"),
        dataclasses.replace(samples, faithful=True),
    ]
    digests = {one.packing_digest for one in [samples, *others]}
    assert len(digests) == 7
    assert dataclasses.replace(samples, size_px=99).packing_digest == samples.packing_digest


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


def test_where_nothing_can_be_trained_it_says_why(
    write_dataset, document, make_samples, tmp_path, helpers
):
    url = write_dataset([document])

    def refused(match, view=None, **fields):
        with pytest.raises(UsageError, match=match):
            make_packing(make_samples(url, view, **fields), tmp_path)

    refused(r"view 'eval' of .* has no document", "eval")
    refused(
        r"no text of kind given or narrative; it has caption \(3\), speech \(3\)",
        policy=TextPolicy(kinds=("given", "narrative")),
    )
    refused(
        "no document of .* fits: of 3 clips, 3 take more than tokens=8, 0 have no frames",
        budgets=Budgets(tokens=8, media=1),
    )
    refused(
        "the rest have no text that the policy trains on",
        policy=TextPolicy(loss_weights={TextKind.CAPTION: 0}),
    )
