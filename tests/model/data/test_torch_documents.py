"""Documents with decoded frames for trainers of other people."""

import pickle

import pytest
import torch

import interlink


@pytest.fixture
def dataset(write_dataset, make_documents):
    return interlink.open(write_dataset(make_documents("a", "b"), make_documents("c")), "train")


def test_items_are_documents_with_their_frames(dataset):
    items = dataset.torch(size_px=8, frames_per_clip=2)
    assert len(items) == 3
    assert [item.document for item in items] == list(dataset.documents())
    assert [tuple(f.shape) for f in items[0].frames] == [(2, 3, 8, 8)] * 3
    assert items[0].frames[0].dtype == torch.uint8
    assert items[1].times[2][0] == 0
    red, green, blue = items[0].frames[2][1].float().mean((1, 2)).tolist()
    # Frame 9 of 10 is the last of clip 2 that a document keeps.
    assert (red, green, blue) == pytest.approx((40, 225, 128), abs=3)


def test_it_stops_after_its_last_item(dataset):
    items = dataset.torch(size_px=8)
    with pytest.raises(IndexError, match="out of bounds"):
        items[3]


def test_it_works_in_worker_processes_of_torch_s_loader(dataset):
    items = pickle.loads(pickle.dumps(dataset.torch(size_px=8)))
    loader = torch.utils.data.DataLoader(
        items, batch_size=2, num_workers=1, collate_fn=list, multiprocessing_context="spawn"
    )
    ids = [item.document.document_id for batch in loader for item in batch]
    assert ids == [document.document_id for document in dataset.documents()]
