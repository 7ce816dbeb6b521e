import errno
import hashlib
import os
from pathlib import Path

import pytest

from interlink.schemas.errors import DiskFullError, EnvironmentFault, RecordError
from interlink.transforms.fetch.download import digest_of, disk_faults, save
from interlink.transforms.fetch.watch import Watch


def test_blocks_are_written_with_their_digest(tmp_path: Path, watch: Watch):
    saved = save([b"ab", b"", b"c"], tmp_path / "x", max_bytes=3, watch=watch)
    assert (tmp_path / "x").read_bytes() == b"abc"
    assert saved.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert saved == digest_of(tmp_path / "x", watch)


def test_nothing_beyond_the_cap_is_written(tmp_path: Path, watch: Watch):
    with pytest.raises(RecordError, match="too_big: 4 bytes or more, but max_bytes=3"):
        save([b"ab", b"cd"], tmp_path / "x", max_bytes=3, watch=watch)
    assert (tmp_path / "x").stat().st_size == 2


def test_no_bytes_are_an_error(tmp_path: Path, watch: Watch):
    with pytest.raises(RecordError, match="empty_file: the file holds no bytes"):
        save([b""], tmp_path / "x", max_bytes=3, watch=watch)


def test_a_full_disk_blames_the_machine():
    full = Path("/dev/full")
    with (
        pytest.raises(DiskFullError, match="cannot write to /dev: No space left on device"),
        disk_faults(full),
        full.open("wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_a_disk_that_breaks_blames_the_machine_and_is_not_called_full():
    for number in (errno.EIO, errno.EROFS, errno.ENOENT):
        told = pytest.raises(EnvironmentFault, match="cannot write to scratch: ")
        with told as raised, disk_faults(Path("scratch/x")):
            raise OSError(number, os.strerror(number))
        assert not isinstance(raised.value, DiskFullError)


def test_where_the_folder_is_gone_the_source_is_not_blamed(tmp_path, watch):
    with pytest.raises(EnvironmentFault, match=r"cannot write to .*gone: No such file"):
        save([b"x"], tmp_path / "gone" / "x", max_bytes=9, watch=watch)
