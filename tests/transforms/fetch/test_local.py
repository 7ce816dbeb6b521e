import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.fetch.download import Download
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.local import fetch_local
from interlink.transforms.fetch.watch import Watch

NOBODY = 65534


@pytest.fixture
def get(tmp_path: Path, limits: Limits, watch: Watch):
    def run(uri) -> Download:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return fetch_local(str(uri), folder, limits=limits, watch=watch)

    return run


def test_the_users_file_is_copied_and_stays_as_it_was(tmp_path: Path, get):
    mine = tmp_path / "my video.MP4"
    mine.write_bytes(b"content")
    before = mine.stat()
    got = get(mine)
    assert got.path.read_bytes() == b"content"
    assert got.sha256 == hashlib.sha256(b"content").hexdigest()
    assert (got.num_bytes, got.path.suffix) == (7, ".mp4")
    got.path.write_bytes(b"changed")
    after = mine.stat()
    assert mine.read_bytes() == b"content"
    assert (after.st_ino, after.st_nlink, after.st_mtime_ns) == (
        before.st_ino,
        1,
        before.st_mtime_ns,
    )


def test_no_folder_of_this_machine_is_published(tmp_path: Path, get):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert get(tmp_path / "a.mp4").final_uri == "a.mp4"


def test_a_file_url_may_be_percent_encoded(tmp_path: Path, get):
    (tmp_path / "a b#c.mp4").write_bytes(b"x")
    assert get((tmp_path / "a b#c.mp4").as_uri()).num_bytes == 1


def test_a_missing_file_is_not_found(tmp_path: Path, get):
    with pytest.raises(RecordError, match=r"not_found: cannot read .*/no.mp4: No such file"):
        get(tmp_path / "no.mp4")
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"not_found: cannot read .*: Not a directory"):
        get(tmp_path / "file" / "a.mp4")


def test_a_folder_or_a_pipe_is_no_media(tmp_path: Path, get):
    with pytest.raises(RecordError, match="not_media: a folder, not a file"):
        get(tmp_path)
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(RecordError, match="not_media: a device, pipe or socket, not a file"):
        get(tmp_path / "pipe.mp4")


def test_an_empty_file_and_one_above_the_cap_are_errors(tmp_path: Path, get):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(RecordError, match="empty_file: the file holds no bytes"):
        get(tmp_path / "a.mp4")
    with (tmp_path / "big.mp4").open("wb") as file:
        file.truncate(1_000_001)
    with pytest.raises(RecordError, match="too_big: 1000001 bytes or more, but max_bytes=1000000"):
        get(tmp_path / "big.mp4")


@pytest.fixture
def as_nobody():
    """Be another user than root, who may read everything."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        yield
        os.seteuid(0)
    else:
        yield


def test_a_file_that_may_not_be_read_has_its_own_code(as_nobody, limits: Limits, watch: Watch):
    with tempfile.TemporaryDirectory() as folder:  # not `tmp_path`, which only its owner may enter
        path = Path(folder, "a.mp4")
        path.write_bytes(b"x")
        path.chmod(0)
        with pytest.raises(RecordError, match=r"permission: may not be read: .*/a.mp4"):
            fetch_local(str(path), Path(folder), limits=limits, watch=watch)
