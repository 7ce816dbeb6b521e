"""Reading files anywhere, and what is said when that cannot be done."""

from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations

from interlink.model.data.files import Files
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture(params=["local", "memory"])
def files(request, tmp_path):
    """A root with one folder of two files."""
    if request.param == "local":
        (tmp_path / "root/a").mkdir(parents=True)
        (tmp_path / "root/a/one").write_bytes(b"1")
        (tmp_path / "root/a/two").write_bytes(b"2")
        yield Files(str(tmp_path / "root"))
        return
    memory = fsspec.filesystem("memory")
    memory.pipe({"/bucket/a/one": b"1", "/bucket/a/two": b"2"})
    yield Files("memory://bucket/")
    memory.rm("/bucket", recursive=True)


def test_folders_are_listed_and_files_read(files):
    assert sorted(files.names("a")) == ["one", "two"]
    assert files.names("b") == []
    assert files.read("a/one") == b"1"
    source = files.source("a/two")
    data = Path(source).read_bytes() if isinstance(source, str) else source.read()
    assert data == b"2"


def test_a_file_that_is_not_there_stays_a_missing_file(files):
    with pytest.raises(FileNotFoundError, match="none"):
        files.read("a/none")


@pytest.mark.parametrize("call", ["names", "read", "source"])
def test_no_path_leads_out_of_the_root(files, call):
    with pytest.raises(EnvironmentFault, match=r"'a/\.\./\.\./x' leads out of"):
        getattr(files, call)("a/../../x")


def test_a_folder_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")  # no right to read would not stop root
    with pytest.raises(EnvironmentFault, match=r"cannot read loop of .*: Too many levels of"):
        Files(str(tmp_path)).names("loop")


def test_a_system_that_does_not_exist_or_is_not_installed_is_told(monkeypatch):
    with pytest.raises(EnvironmentFault, match="cannot open the dataset 'nofs://x'"):
        Files("nofs://x")
    absent = {"class": "no_such_package.System", "err": "install no_such_package"}
    monkeypatch.setitem(known_implementations, "absent", absent)
    with pytest.raises(EnvironmentFault, match="'absent://x': install no_such_package"):
        Files("absent://x")


@pytest.mark.parametrize("call", ["names", "read", "source"])
def test_missing_credentials_are_told_in_one_sentence(monkeypatch, call):
    exceptions = pytest.importorskip("botocore.exceptions")

    def refuse(*arguments, **options):
        raise exceptions.NoCredentialsError

    for name in ("ls", "cat_file", "open"):
        monkeypatch.setattr(MemoryFileSystem, name, refuse)
    with pytest.raises(EnvironmentFault) as caught:
        getattr(Files("memory://bucket/dataset"), call)("_manifest")
    assert str(caught.value) == (
        "cannot read _manifest of the dataset 'memory://bucket/dataset': Unable to locate "
        "credentials; check credentials and connection"
    )
