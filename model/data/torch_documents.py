"""Documents with decoded frames as a map-style torch dataset, for trainers of other people."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from ...schemas.arrow import from_table
from ...schemas.document import Document
from .dataset import Dataset
from .pictures import choose_evenly, decode_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentItem:
    """One document, and what can be seen in its clips."""

    document: Document
    """The row as it is stored."""
    frames: tuple[Tensor, ...]
    """For each clip uint8 pictures, shape (num_frames, 3, size_px, size_px), RGB."""
    times: tuple[Tensor, ...]
    """For each clip the frames' times, float32 seconds since the clip's start."""


class TorchDocuments(TorchDataset[DocumentItem]):
    """The documents of a dataset's view, in its order; made by `Dataset.torch`.

    Give it to `torch.utils.data.DataLoader` with a `collate_fn` and any sampler. It pickles, and
    opens a docs file anew for each item, so that workers share nothing.
    """

    def __init__(self, dataset: Dataset, *, size_px: int, frames_per_clip: int) -> None:
        self._dataset = dataset
        self._size_px = size_px
        self._frames_per_clip = frames_per_clip
        places = [
            (shard, group, row)
            for shard, group, table in dataset.scan(["document_id"])
            for row in table["_row"].to_pylist()
        ]
        self._places = np.array(places, np.int32).reshape(-1, 3)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> DocumentItem:
        shard, group, row = (int(value) for value in self._places[index])
        with self._dataset.open_shard(shard) as parquet:
            table = parquet.read_row_group(group).slice(row, 1)
        document = from_table(table, Document)[0]
        frames, times = [], []
        for clip in document.clips:
            shown = [clip.frames[i] for i in choose_evenly(len(clip.frames), self._frames_per_clip)]
            shape = (0, 3, self._size_px, self._size_px)
            pixels = [decode_picture(frame.image.bytes, self._size_px) for frame in shown]
            frames.append(torch.from_numpy(np.stack(pixels) if pixels else np.empty(shape, "u1")))
            seconds = [max(0, frame.time_us - clip.start_us) / 1e6 for frame in shown]
            times.append(torch.tensor(seconds, dtype=torch.float32))
        return DocumentItem(document=document, frames=tuple(frames), times=tuple(times))
