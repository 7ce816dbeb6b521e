"""The stream of packed sequences: the same for any world and workers, resumable, each used once."""

import dataclasses
import itertools
import json
from pathlib import Path

import pytest
import torch

from interlink.model.data import unreadable as unreadable_file
from interlink.model.data.dataset import open_dataset
from interlink.model.data.loader import LoaderOptions, PackedLoader
from interlink.model.data.order import World
from interlink.model.data.packing import make_packing
from interlink.model.data.policy import TextPolicy
from interlink.schemas.document import Image
from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.schemas.manifest import TombstoneKind


@pytest.fixture
def stream(write_dataset, make_documents, make_samples, tmp_path):
    """Makes loaders over one dataset of 8 documents of 3 clips."""
    documents = make_documents(*"abcdefgh")
    url = write_dataset(documents[:5], documents[5:])
    samples = make_samples(url)
    packing = make_packing(samples, tmp_path / "cache")

    def make(rank=0, size=1, **options):
        given = LoaderOptions(**({"batch_size": 4 // size} | options))
        return PackedLoader(samples, packing, given, world=World(rank=rank, size=size))

    return make


def test_batches_have_the_contract_s_shapes(stream):
    batch = next(iter(stream()))
    assert batch.input_ids_BL.shape == (4, 128)
    assert batch.media.frames_BMFCHW.shape[3:] == (3, 16, 16)
    visual = (batch.input_ids_BL == 3).sum(1)
    assert visual.tolist() == batch.media.frame_mask_BMF.any(-1).sum(-1).tolist()
    assert (batch.media_index_BL.max(1).values == visual).all()


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_stream_is_the_same_for_any_world_and_workers(stream, size, workers):
    ranks = [iter(stream(rank, size, num_workers=workers)) for rank in range(size)]
    reference = iter(stream())
    for _ in range(5):
        parts = [next(rank) for rank in ranks]
        whole = next(reference)
        names = list(itertools.chain.from_iterable(part.sequence_ids for part in parts))
        assert names == list(whole.sequence_ids)
        assert torch.equal(torch.cat([p.labels_BL for p in parts]), whole.labels_BL)
        pixels = [p.media.frames_BMFCHW.sum((1, 2, 3, 4, 5)) for p in parts]
        assert torch.equal(torch.cat(pixels), whole.media.frames_BMFCHW.sum((1, 2, 3, 4, 5)))


def names(batches) -> list[str]:
    return [name for batch in batches for name in batch.sequence_ids]


def take(loader, count):
    return list(itertools.islice(loader, count))


def test_every_sequence_comes_at_most_once_in_an_epoch_and_the_tail_is_under_a_batch(stream):
    loader = stream(batch_size=3, epochs=1)
    batches = list(loader)
    every = names(stream(batch_size=1, epochs=1))
    seen = names(batches)
    assert len(set(every)) == len(every)
    assert seen == every[: len(seen)]
    assert 0 <= len(every) - len(seen) < 3
    documents = [d for name in every for d in name.split(":")[1].split("+")]
    assert len(set(documents)) == len(documents) == 8


def test_the_order_changes_with_the_epoch(stream):
    seen = names(stream(batch_size=1, epochs=2))
    first, second = ([n.split(":")[1] for n in seen if n.startswith(f"{e}/")] for e in (0, 1))
    assert first != second
    documents = [sorted("+".join(epoch).split("+")) for epoch in (first, second)]
    assert documents[0] == documents[1]


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_goes_on_where_its_state_was_taken(stream, taken, workers):
    whole = names(take(stream(batch_size=2), 12))
    before = stream(batch_size=2, num_workers=workers)
    names_before = names(take(before, taken))
    state = json.loads(json.dumps(before.state_dict()))  # as a checkpoint keeps it
    after = stream(batch_size=2, num_workers=workers)
    after.load_state_dict(state)
    assert names_before + names(take(after, 12 - taken)) == whole


def test_a_stream_goes_on_in_a_world_of_another_size(stream):
    whole = names(take(stream(batch_size=4), 6))
    before = stream(batch_size=4)
    start = names(take(before, 3))
    ranks = [stream(rank, 2, batch_size=2) for rank in range(2)]
    for rank in ranks:
        rank.load_state_dict(before.state_dict())
    pairs = zip(*[take(rank, 3) for rank in ranks], strict=True)
    assert start + [name for pair in pairs for name in names(pair)] == whole


def test_iterating_again_goes_on_and_a_bounded_stream_starts_anew(stream):
    loader = stream(batch_size=2)
    assert names(take(loader, 2)) + names(take(loader, 2)) == names(take(stream(batch_size=2), 4))
    bounded = stream(batch_size=2, epochs=1)
    assert names(bounded) == names(bounded)


def test_the_tail_is_kept_for_evaluation_with_rows_of_padding(stream):
    every = names(stream(batch_size=1, epochs=1))
    size = len(every) - 1
    ranks = [list(stream(r, 2, batch_size=size, epochs=1, keep_tail=True)) for r in range(2)]
    found = [name for pair in zip(*ranks, strict=True) for name in names(pair)]
    assert [name for name in found if name != "padding"] == every
    padding = ranks[1][-1]
    assert padding.sequence_ids[-1] == "padding"
    assert (padding.document_BL[-1] == -1).all()
    assert (padding.labels_BL[-1] == -100).all()
    assert not padding.media.frame_mask_BMF[-1].any()


def test_a_batch_larger_than_the_dataset_is_refused(stream):
    with pytest.raises(
        UsageError, match=r"packs into \d sequences, fewer than batch\.sequences=64"
    ):
        next(iter(stream(batch_size=64)))


def test_a_state_of_other_data_is_refused(stream):
    state = stream(seed=1).state_dict()
    with pytest.raises(UsageError, match="trained with data of seed=1, this recipe gives 0"):
        stream().load_state_dict(state)
    with pytest.raises(UsageError, match="data of packing='x'"):
        stream().load_state_dict(state | {"packing": "x"})


def test_options_must_be_sensible():
    with pytest.raises(UsageError, match="batch_size=0 must be at least 1"):
        LoaderOptions(batch_size=0)


def test_texts_are_drawn_anew_in_each_epoch(write_dataset, make_documents, make_samples, tmp_path):
    url = write_dataset(make_documents("a"))
    samples = make_samples(url, policy=TextPolicy(drop_out={"speech": 0.5}))
    loader = PackedLoader(samples, make_packing(samples, tmp_path), LoaderOptions(batch_size=1))
    lengths = [int((batch.document_BL >= 0).sum()) for batch in take(loader, 12)]
    assert len(set(lengths)) > 1
    assert lengths == [int((batch.document_BL >= 0).sum()) for batch in take(fresh(loader), 12)]


def fresh(loader: PackedLoader) -> PackedLoader:
    return PackedLoader(loader._samples, loader._packing, loader._options)


@pytest.fixture
def with_bad_frame(write_dataset, make_documents, make_samples, tmp_path, helpers):
    """Makes a loader over documents of which the first has a frame that is no picture."""

    def make(count, **options):
        documents = make_documents(*(f"v{number}" for number in range(count)))
        first = documents[0]
        frames = tuple(
            dataclasses.replace(frame, image=Image(bytes=b"broken"))
            for frame in first.clips[0].frames
        )
        clips = (dataclasses.replace(first.clips[0], frames=frames), *first.clips[1:])
        documents[0] = helpers.sealed(dataclasses.replace(first, clips=clips))
        samples = make_samples(write_dataset(documents))
        packing = make_packing(samples, tmp_path / "cache")
        return PackedLoader(samples, packing, LoaderOptions(batch_size=1, **options)), first

    return make


@pytest.mark.parametrize("workers", [0, 2])
def test_an_unreadable_sample_is_left_out_and_listed(with_bad_frame, caplog, workers):
    loader, bad = with_bad_frame(4, epochs=1, num_workers=workers)
    seen = names(loader)
    assert not [name for name in seen if bad.document_id in name]
    assert sum(len(name.split(":")[1].split("+")) for name in seen if ":" in name) >= 3
    (sample,) = loader.unreadable
    assert "6 bytes that begin with b'broken' are no picture" in sample.reason
    assert "left out of sequence 0/" in caplog.text


def test_too_many_unreadable_samples_stop_the_training(with_bad_frame, monkeypatch):
    monkeypatch.setattr(unreadable_file, "_ENOUGH_TO_JUDGE", 6)
    loader, _ = with_bad_frame(3)
    with pytest.raises(EnvironmentFault, match=r"2 of \d samples could not be read, the last"):
        list(itertools.islice(loader, 20))


def test_a_lost_file_stops_the_training(stream):
    loader = stream()
    dataset = loader._samples.dataset
    (Path(dataset.url) / dataset.shards[0].docs_path).unlink()
    with pytest.raises(EnvironmentFault, match="which its manifest"):
        list(itertools.islice(loader, 5))


def documents_in(batches) -> set[str]:
    sequences = [name.split(":", 1)[1] for name in names(batches)]
    found = itertools.chain.from_iterable(sequence.split("+") for sequence in sequences)
    return {name for name in found if name}  # of a sequence that lost all, nothing is left


def test_a_packing_made_earlier_does_not_give_what_was_taken_down_since(
    write_dataset, make_documents, make_samples, take_down, tmp_path
):
    documents = make_documents(*"abcdefgh")
    url = write_dataset(documents)
    packing = make_packing(make_samples(url), tmp_path / "cache")
    clip = documents[1].clips[0]
    take_down(url, TombstoneKind.VIDEO, documents[0].video_id)
    take_down(url, TombstoneKind.CLIP, clip.clip_id)
    samples = make_samples(url, dataset=open_dataset(url, version=1))
    assert samples.packing_digest == packing.digest
    again = make_packing(samples, tmp_path / "other")
    assert (again.places == packing.places).all(), "the order must not change"
    options = LoaderOptions(batch_size=1, epochs=1, keep_tail=True)
    loader = PackedLoader(samples, packing, options)
    given = documents_in(loader)
    whole = {document.document_id for document in documents}
    assert given == whole - {documents[0].document_id, documents[1].document_id}
    assert not loader.unreadable, "it is nobody's fault"


def test_a_takedown_in_mid_training_counts_from_the_next_epoch_on(
    write_dataset, make_documents, make_samples, take_down, tmp_path, caplog
):
    documents = make_documents(*"abcd")
    url = write_dataset(documents)
    samples = make_samples(url)
    options = LoaderOptions(batch_size=1, epochs=2, keep_tail=True)
    stream = iter(PackedLoader(samples, make_packing(samples, tmp_path / "cache"), options))
    first = next(stream)
    take_down(url, TombstoneKind.VIDEO, documents[0].video_id)
    rest = list(stream)
    in_second = [b for b in rest if b.sequence_ids[0].startswith("1/")]
    assert documents[0].document_id in documents_in([first, *rest])
    assert documents[0].document_id not in documents_in(in_second)
    assert "takedowns are newer than version 1" in caplog.text
