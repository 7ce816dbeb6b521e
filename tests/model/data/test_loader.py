"""The stream of packed sequences: the same for any world and workers, resumable, each used once."""

import itertools

import pytest
import torch

from interlink.model.data.loader import LoaderOptions, PackedLoader
from interlink.model.data.order import World
from interlink.model.data.packing import make_packing


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
