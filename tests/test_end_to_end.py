"""The demo, as a user runs it: engines, time zone, hash seed and workers change no byte."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.engines]

COMMAND = [sys.executable, "-m", "interlink.pipeline.commands.main"]


def demo(output: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [*COMMAND, "demo", "--no-train", "--output", str(output), *arguments],
        env={**os.environ, "RAY_TMPDIR": "/tmp", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def docs(output: Path) -> dict[str, str]:
    files = sorted((output / "dataset" / "docs").iterdir())
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def media(output: Path) -> dict[str, str]:
    files = sorted((output / "dataset" / "media").iterdir())
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("demo") / "local"
    demo(output, "--engine", "local")
    return output


def test_the_demo_gives_the_same_bytes_on_the_default_engines(local, tmp_path):
    printed = demo(tmp_path / "default")
    assert docs(tmp_path / "default") == docs(local)
    assert media(tmp_path / "default") == media(local)
    assert "next: interlink inspect" in printed
    steps = json.loads((tmp_path / "default" / "run" / "stats.json").read_text())["steps"]
    assert {s["step"]: s["engine"] for s in steps} == {
        "fetch": "beam",
        "scan": "beam",
        "transcribe": "ray",
        "cut": "beam",
        "caption": "ray",
        "assemble": "beam",
    }


def test_time_zone_hash_seed_and_worker_count_change_no_byte(local, tmp_path):
    one_worker = [
        argument
        for step in ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
        for argument in ("--set", f"steps.{step}={{engine: beam, workers: 3}}")
    ]
    demo(tmp_path / "other", *one_worker, TZ="Asia/Kathmandu", PYTHONHASHSEED="4711")
    assert docs(tmp_path / "other") == docs(local)
    assert media(tmp_path / "other") == media(local)


def test_the_demo_finds_what_is_true_of_its_videos(local):
    again = demo(local)  # all parts are committed: only the end is printed again
    lines = {line[:38].strip(): line[38:].split() for line in again.splitlines()}
    assert lines["cuts found within one frame"][:2] == ["100.0%", "15"]
    assert lines["false boundaries per minute"][0] == "0.00"
    assert float(lines["word error rate"][0].rstrip("%")) < 5
    assert float(lines["screen text: stated and right"][0].rstrip("%")) == 100


def test_a_video_of_ones_own_becomes_a_document_and_a_picture(make_video, tmp_path):
    video = make_video("mine.mp4", audio=(440,))
    printed = demo(tmp_path / "mine", str(video.path), "--engine", "local")
    assert "mine.mp4" in printed
    assert (tmp_path / "mine" / "video.png").stat().st_size > 10_000
