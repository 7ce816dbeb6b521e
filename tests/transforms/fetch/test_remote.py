import sys
import tempfile
import zipfile
from pathlib import Path

import fsspec
import pytest

from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.transforms.fetch.download import Download
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.remote import fetch_remote
from interlink.transforms.fetch.watch import Watch


@pytest.fixture
def get(tmp_path: Path, limits: Limits, watch: Watch):
    def run(uri) -> Download:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return fetch_remote(str(uri), folder, limits=limits, watch=watch)

    return run


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


def test_a_file_of_any_fsspec_file_system_is_fetched(memory, get):
    memory.pipe("/channel/a.webm", b"content")
    got = get("memory://channel/a.webm")
    assert got.path.read_bytes() == b"content"
    assert (got.num_bytes, got.path.suffix) == (7, ".webm")
    assert got.final_uri == "memory://channel/a.webm"


def test_a_file_url_goes_through_fsspec_too(tmp_path: Path, get):
    (tmp_path / "a.mp4").write_bytes(b"content")
    assert get(f"file://{tmp_path}/a.mp4").num_bytes == 7


def test_a_member_of_an_archive_is_read_without_unpacking_it(tmp_path: Path, get):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("in/a.mp4", b"content")
    got = get(f"zip://in/a.mp4::file://{tmp_path}/b.zip")
    assert (got.num_bytes, got.path.suffix) == (7, ".mp4")


def test_what_is_not_there_is_not_found(memory, get):
    with pytest.raises(RecordError, match=r"not_found: cannot read memory://no.mp4"):
        get("memory://no.mp4")


def test_an_empty_file_and_one_above_the_cap_are_errors(memory, get):
    memory.pipe({"/a.mp4": b"", "/b.mp4": bytes(1_000_001)})
    with pytest.raises(RecordError, match="empty_file: the file holds no bytes"):
        get("memory://a.mp4")
    with pytest.raises(RecordError, match="too_big: 1000001 bytes or more"):
        get("memory://b.mp4")


def test_an_unknown_scheme_is_an_unsupported_url(get):
    with pytest.raises(RecordError, match=r"unsupported_url: .*Protocol not known: gopher"):
        get("gopher://x/a.mp4")


def test_a_missing_package_blames_the_machine_and_names_the_remedy(get, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(EnvironmentFault, match=r"gs: sources need .*pip install 'gcsfs'"):
        get("gs://bucket/a.mp4")
