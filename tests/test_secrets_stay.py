"""Secrets of a recipe stay with the workers that use them, though servers write them back."""

import base64
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.engines]

KEY, COOKIE, PASSWORD = "CANARY-of-the-key", "CANARY-of-the-cookie", "CANARY/of the?proxy"
SECRETS = [
    "CANARY",
    base64.b64encode(f"me:{PASSWORD}".encode()).decode(),
    b"CANARY".hex(),
]


@pytest.fixture
def recipe(tmp_path: Path, make_video, faulty_server) -> Path:
    """A recipe that lends a key, cookies and a proxy to a server that writes them back."""
    for seed, name in enumerate(("path", "type", "title")):
        video = make_video(f"{name}.mp4", shots=(2.2,), size=(64, 48), fps=10, seed=seed)
        faulty_server.add(f"/echoed/{name}.mp4", video.path.read_bytes())
    wanted = ("/echo/redirect.mp4", "/echo/type.mp4", "/echo/title", "/echo/error.mp4")
    manifest = tmp_path / "videos.txt"
    manifest.write_text("".join(f"{faulty_server.url(path)}\n" for path in wanted))
    secret = tmp_path / "secret"
    secret.mkdir()
    cookie = f"127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\t{COOKIE}\n"
    (secret / "cookies.txt").write_text(f"# Netscape HTTP Cookie File\n{cookie}")
    content = {
        "sources": str(manifest),
        "run": str(tmp_path / "run"),
        "fetch": {
            "cookies": f"file:{secret}/cookies.txt",
            "proxy": "env:THE_PROXY",
            "headers": {"127.0.0.1": {"X-Key": "env:THE_KEY"}},
        },
        "steps": {
            name: {"engine": "local"}
            for name in ("scan", "transcribe", "cut", "caption", "assemble")
        }
        | {"fetch": {"engine": "beam", "workers": 2}},
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


class Seen(threading.Thread):
    """Looks at the arguments and the environment of all that a process starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.arguments: set[str] = set()
        self.environments: dict[str, dict[str, str]] = {}
        self._root = psutil.Process(pid)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.02):
            with contextlib.suppress(psutil.Error):
                for process in [self._root, *self._root.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        line = " ".join(process.cmdline())
                        self.arguments.add(line)
                        if "child_main" in line:
                            self.environments[f"{process.pid} {line}"] = process.environ()


def texts(folder: Path) -> dict[str, str]:
    """Return all that stands in the files of a folder, tables unpacked."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path)] = path.name + path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[f"{path} unpacked"] = str(table.to_pydict()) + str(table.schema.metadata)
    return found


def test_no_secret_leaves_the_workers(recipe: Path, tmp_path: Path, faulty_server):
    user = f"http://me:{PASSWORD.replace('/', '%2F').replace('?', '%3F').replace(' ', '%20')}@"
    environment = {
        **os.environ,
        "THE_KEY": KEY,
        "THE_PROXY": faulty_server.url("").replace("http://", user),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "interlink.pipeline.commands.main", "run", str(recipe)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seen = Seen(process.pid)
    seen.start()
    printed, _ = process.communicate(timeout=300)
    seen.ended.set()
    seen.join()
    assert process.returncode == 0, printed

    sent = [header for headers in faulty_server.headers_seen for header in headers.values()]
    for secret in (KEY, f"login={COOKIE}", f"Basic {SECRETS[1]}"):
        assert secret in sent, "the server never saw it, so nothing is proven"
    written = texts(tmp_path / "run")
    documents = "".join(text for path, text in written.items() if "/dataset/docs/" in path)
    outcomes = "".join(text for path, text in written.items() if "outcomes.parquet unp" in path)
    assert "***" in documents, "no document holds what the server wrote back"
    assert "no tea for ***" in outcomes

    places = written | {"terminal": printed, "arguments": "\n".join(seen.arguments)}
    for secret in SECRETS:
        assert [place for place, text in places.items() if secret.lower() in text.lower()] == []
    children = seen.environments
    assert len(children) >= 2, "a decoding child and one of yt-dlp"
    assert not [line for line, variables in children.items() if "CANARY" in str(variables)]
