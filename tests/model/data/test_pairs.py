"""Pairs for the contrastive loss."""

import dataclasses
import itertools

import pytest
import torch

from interlink.model.data import unreadable as unreadable_file
from interlink.model.data.dataset import open_dataset
from interlink.model.data.loader import LoaderOptions
from interlink.model.data.order import World
from interlink.model.data.packing import make_packing
from interlink.model.data.pairs import PairLoader
from interlink.model.data.policy import TextPolicy
from interlink.schemas.document import Image
from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.schemas.manifest import TombstoneKind


@pytest.fixture
def pairs(write_dataset, make_documents, make_samples, tmp_path):
    """Makes loaders over 7 videos of 3 clips; clips of the same number have the same caption."""
    samples = make_samples(write_dataset(make_documents(*"abcdefg")), form="pairs")
    packing = make_packing(samples, tmp_path / "cache")

    def make(rank=0, size=1, **options):
        given = LoaderOptions(**({"batch_size": 4 // size} | options))
        return PairLoader(samples, packing, given, world=World(rank=rank, size=size))

    return make


def take(loader, count):
    return list(itertools.islice(loader, count))


def ids(batches):
    return [name for batch in batches for name in batch.pair_ids]


def test_a_pair_is_a_document_of_one_clip_with_what_is_seen_alone(pairs, vocabulary):
    batch = next(iter(pairs()))
    assert batch.valid_S.all()
    assert batch.media.frames_BMFCHW.shape == (4, 1, 2, 3, 16, 16)
    row = batch.input_ids_SL[0][batch.attention_SL[0]].tolist()
    assert row[:2] == [1, 3]
    assert row[-2:] == [4, 2]
    text = vocabulary.backend.decode(row[2:-2])
    assert text.startswith("A square of shade number")  # and no speech before it


def test_no_video_is_twice_in_a_batch_and_all_clips_have_their_turn(pairs):
    batches = take(pairs(batch_size=7), 9)
    for batch in batches:
        assert len({name.split("/")[0] for name in batch.pair_ids}) == 7
    per_epoch = [set(batch.pair_ids) for batch in batches]
    assert len(set.union(*per_epoch[:3])) == 21
    assert per_epoch[0].isdisjoint(per_epoch[1])


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_stream_is_the_same_for_any_world_and_workers(pairs, size, workers):
    whole = take(pairs(), 4)
    ranks = [take(pairs(r, size, num_workers=workers), 4) for r in range(size)]
    for number, batch in enumerate(whole):
        parts = [rank[number] for rank in ranks]
        assert ids(parts) == list(batch.pair_ids)
        assert torch.equal(torch.cat([p.group_S for p in parts]), batch.group_S)


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_stream_goes_on_where_its_state_was_taken(pairs, taken):
    whole = ids(take(pairs(), 6))
    before = pairs()
    start = ids(take(before, taken))
    after = pairs()
    after.load_state_dict(before.state_dict())
    assert start + ids(take(after, 6 - taken)) == whole
    with pytest.raises(UsageError, match="pairs of seed=0, this recipe gives 5"):
        pairs(seed=5).load_state_dict(before.state_dict())


def test_equal_texts_are_of_one_group(pairs):
    batch = next(iter(pairs(batch_size=7)))
    for one, other in itertools.combinations(range(7), 2):
        is_same_text = torch.equal(batch.input_ids_SL[one], batch.input_ids_SL[other])
        assert (batch.group_S[one] == batch.group_S[other]).item() == is_same_text
    assert len(set(batch.group_S.tolist())) < 7


def test_fewer_videos_than_pairs_are_filled_up_with_padding(pairs):
    ranks = [next(iter(pairs(r, 2, batch_size=5))) for r in range(2)]
    valid = torch.cat([batch.valid_S for batch in ranks])
    assert valid.tolist() == [True] * 7 + [False] * 3
    assert ranks[1].pair_ids[-1] == "padding"
    assert not ranks[1].attention_SL[-1].any()
    assert not ranks[1].media.frame_mask_BMF[-1].any()


def test_a_tail_under_one_batch_is_left_out(pairs):
    assert len(list(pairs(batch_size=3, epochs=1))) == 2
    kept = list(pairs(batch_size=3, epochs=1, keep_tail=True))
    assert [batch.valid_S.sum().item() for batch in kept] == [3, 3, 1]


def test_a_dropped_text_makes_its_row_padding(
    write_dataset, make_documents, make_samples, tmp_path
):
    policy = TextPolicy(drop_out={"caption": 0.5})
    samples = make_samples(write_dataset(make_documents(*"abcdefgh")), form="pairs", policy=policy)
    loader = PairLoader(samples, make_packing(samples, tmp_path), LoaderOptions(batch_size=8))
    counts = [batch.valid_S.sum().item() for batch in take(loader, 10)]
    assert min(counts) < 8
    assert 0 < sum(counts) < 80


def test_samples_of_the_other_form_are_refused(
    write_dataset, make_documents, make_samples, tmp_path
):
    samples = make_samples(write_dataset(make_documents("a")))
    with pytest.raises(ValueError, match="form='interleaved' must be 'pairs'"):
        PairLoader(samples, make_packing(samples, tmp_path), LoaderOptions(batch_size=1))


@pytest.fixture
def with_bad_frames(write_dataset, make_documents, make_samples, tmp_path, helpers):
    """A loader over three videos, of which the first has no frame that is a picture."""
    documents = make_documents("a", "b", "c")
    clips = tuple(
        dataclasses.replace(
            clip,
            frames=tuple(dataclasses.replace(f, image=Image(bytes=b"broken")) for f in clip.frames),
        )
        for clip in documents[0].clips
    )
    documents[0] = helpers.sealed(dataclasses.replace(documents[0], clips=clips))
    samples = make_samples(write_dataset(documents), form="pairs")
    return PairLoader(samples, make_packing(samples, tmp_path), LoaderOptions(batch_size=3))


def test_an_unreadable_pair_is_padding_and_listed(with_bad_frames, caplog):
    batch = next(iter(with_bad_frames))
    assert sorted(batch.valid_S.tolist()) == [False, True, True]
    (pair,) = with_bad_frames.unreadable
    assert "6 bytes that begin with b'broken' are no picture" in pair.reason
    assert "left out of pairs of epoch 0: 6 bytes" in caplog.text


def test_too_many_unreadable_pairs_stop_the_training(with_bad_frames, monkeypatch):
    monkeypatch.setattr(unreadable_file, "_ENOUGH_TO_JUDGE", 6)
    with pytest.raises(EnvironmentFault, match=r"2 of 6 pairs could not be read, the last because"):
        take(with_bad_frames, 5)


def test_a_pair_that_was_taken_down_since_is_padding(
    write_dataset, make_documents, make_samples, take_down, tmp_path
):
    documents = make_documents(*"abc")
    url = write_dataset(documents)
    packing = make_packing(make_samples(url, form="pairs"), tmp_path)
    take_down(url, TombstoneKind.VIDEO, documents[0].video_id)
    samples = make_samples(url, form="pairs", dataset=open_dataset(url, version=1))
    [batch] = PairLoader(samples, packing, LoaderOptions(batch_size=3, epochs=1))
    given = {name.split("/")[0] for name in batch.pair_ids}
    assert given == {documents[1].document_id, documents[2].document_id, "padding"}
