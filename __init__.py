"""Interlink turns raw video into interleaved video-text pretraining shards, and trains on them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .model.data.dataset import Dataset
    from .schemas.view import View

__version__ = "0.1.0"


def open(
    url: "str | Path", view: "str | View | None" = None, *, version: int | None = None
) -> "Dataset":
    """Open a dataset for reading: documents, Arrow tables, and a torch dataset of them.

        dataset = interlink.open("s3://bucket/dataset", view="train")
        for document in dataset.documents(): ...
        for table in dataset.tables(): ...
        loader = torch.utils.data.DataLoader(dataset.torch(size_px=224), collate_fn=...)

    Args:
        url: root of the dataset, a local path or an fsspec URL.
        view: a view, or the name of one that the manifest has; None for all documents.
        version: version of the dataset; None for the newest.

    Raises:
        UsageError: there is no dataset, no such version, or no such view.
    """
    from .model.data.dataset import open_dataset

    return open_dataset(url, view, version=version)
