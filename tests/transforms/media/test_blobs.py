"""Pieces of a blob file."""

import pytest

from interlink.transforms.media.blobs import Blob, BlobWriter, read_blob


def test_pieces_come_back_as_they_went_in(tmp_path):
    path = tmp_path / "blobs"
    with path.open("wb") as file:
        writer = BlobWriter(file)
        blobs = [writer.add(data) for data in (b"one", b"", b"three")]
    assert [read_blob(path, blob) for blob in blobs] == [b"one", b"", b"three"]


def test_a_piece_past_the_end_is_refused(tmp_path):
    path = tmp_path / "blobs"
    path.write_bytes(b"abc")
    with pytest.raises(ValueError, match="ends inside the 5 bytes at 1"):
        read_blob(path, Blob(offset=1, size=5))
