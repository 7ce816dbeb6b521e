"""Runs under chaos: `interlink run` on tiny videos, struck by faults and run again until it ends.

All code of production, from the command line on; only the speech model is a stand-in
(`tests/chaos/light`), because loading one takes longer than all the rest.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import yaml
from interlink_toy_faults import STEPS

from interlink.pipeline.faults import FIRED_NAME, VARIABLE, Fault, to_spec
from interlink.pipeline.recipes.recipe import Retain

MAX_RESTARTS = 10
"""Times that a run is started again before it counts as failed."""
PATIENCE_S = {"local": 240.0, "beam": 400.0, "ray": 400.0}
"""Longest time for one start."""

_LIGHT = Path(__file__).parent.parent / "chaos" / "light"
_MARK = "INTERLINK_TEST_MARK"
_HUNG_S = 0.5


def make_sources(folder: Path) -> Path:
    """Write six sources of a second each and a manifest of them: two of them are not kept.

    Their stated durations put two into each part, and there are three parts in two plans.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(4):
        _write_video(folder / f"{number}.mp4", number)
    (folder / "4.mp4").write_bytes(b"this is no video")
    manifest = folder / "sources.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["uri", "source_id", "duration_s"])
        for number in (0, 4, 1, 5, 2, 3):  # 4 is no video, 5 does not exist
            writer.writerow([str(folder / f"{number}.mp4"), f"source-{number}", 25])
    model = folder / "speech-model"
    model.mkdir(exist_ok=True)
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (model / name).write_text("{}")
    return manifest


@dataclass(frozen=True, kw_only=True)
class ChaosResult:
    """How a run under chaos came to its end."""

    exits: tuple[int, ...]
    """Exit codes of its starts; negative where a signal ended one."""
    fired: tuple[dict[str, object], ...]
    """The faults that struck, in their order."""
    output: str
    """What the last start printed."""

    @property
    def restarts(self) -> int:
        """Starts after the first one."""
        return len(self.exits) - 1


@dataclass(kw_only=True)
class ChaosRun:
    """A run of the tiny videos.

    Attributes:
        folder: where run, dataset and counts of faults go.
        manifest: the sources, of `make_sources`.
        engine: engine of `steps`; the others run locally.
        steps: names of steps.
        faults: what goes wrong.
        environment: variables on top of this process's own.
        retain: what the recipe keeps of the working files.
        settings: what else differs in the recipe.
        options: arguments that follow on the command line.
        path: folders to import from before others.
    """

    folder: Path
    manifest: Path
    engine: str = "local"
    steps: Sequence[str] = STEPS
    faults: Sequence[Fault] = ()
    retain: Retain = "all"
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    options: Sequence[str] = ()
    path: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mark = uuid.uuid4().hex
        # Sockets of Ray lie under this folder, and their paths may have 107 bytes.
        self.ray = tempfile.mkdtemp(prefix="r", dir="/tmp") if self.engine == "ray" else "/tmp"
        self.counts = self.folder / "faults"
        self.counts.mkdir(exist_ok=True)
        self.recipe = self.folder / "recipe.yaml"
        self.recipe.write_text(yaml.safe_dump(self._content() | self.settings))

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / "run"

    @property
    def dataset(self) -> Path:
        """The dataset's folder."""
        return self.folder / "dataset"

    @property
    def output(self) -> Path:
        """What the last start printed."""
        return self.folder / "output.txt"

    def _content(self) -> dict[str, object]:
        return {
            "sources": str(self.manifest),
            "run": str(self.run),
            "dataset": str(self.dataset),
            "name": "chaos",
            "transcribe": {"recognizer": {"model": str(self.manifest.parent / "speech-model")}},
            "clips": {"min_duration_s": 0.4},
            "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
            "retries": {"first_pause_s": 0.0},
            "plan_size": 4,
            "retain": self.retain,
            # A disk that is called full is not: the part goes on after a moment.
            "disk": {"min_free_bytes": 0, "wait_s": 1.0},
            "steps": {
                step: {"engine": self.engine if step in self.steps else "local", "workers": 2}
                for step in STEPS
            },
        }

    def start(
        self, *wrapper: str, module: Sequence[str] = ("interlink",)
    ) -> subprocess.Popen[bytes]:
        """Start the command once, or a module that starts it.

        Args:
            wrapper: a command that runs what follows it, such as `unshare`.
            module: the module, and its own arguments.
        """
        command = [*wrapper, sys.executable, "-m", *module]
        faults = {VARIABLE: to_spec(self.counts, list(self.faults))} if self.faults else {}
        path = [*self.path, str(_LIGHT), os.environ.get("PYTHONPATH", "")]
        own = {_MARK: self.mark, "PYTHONPATH": os.pathsep.join(path), "RAY_TMPDIR": self.ray}
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [*command, "run", str(self.recipe), *self.options],
                env={**os.environ, **own, **faults, **self.environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def until_done(self, *wrapper: str, twins: int = 1) -> ChaosResult:
        """Start the command until it ends with 0, killing what hangs, as an operator would.

        Args:
            wrapper: see `start`.
            twins: how many are started at once; the worst end counts.
        """
        exits: list[int] = []
        while not exits or (exits[-1] != 0 and len(exits) <= MAX_RESTARTS):
            started = [self.start(*wrapper) for _ in range(twins)]
            exits.append(max((self._wait(process) for process in started), key=abs))
            self.wait_until_gone()
        output = self.output.read_text(errors="replace")
        return ChaosResult(exits=tuple(exits), fired=tuple(self.fired()), output=output)

    def until_done_forked(self, *, limit: int = MAX_RESTARTS + 1) -> ChaosResult:
        """Start the command until it ends with 0, at most `limit` times, without new interpreters.

        For the local engine, without a supervisor.
        """
        content = self._content() | self.settings | {"restarts": 0}
        self.recipe.write_text(yaml.safe_dump(content))
        self._wait(self.start(module=("interlink_toy_starts", str(limit))))
        self.wait_until_gone()
        output = self.output.read_text(errors="replace")
        exits = json.loads(output.strip().splitlines()[-1])
        return ChaosResult(exits=tuple(exits), fired=tuple(self.fired()), output=output)

    def fired(self) -> list[dict[str, object]]:
        """Return the faults that struck so far."""
        path = self.counts / FIRED_NAME
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        patience_s = PATIENCE_S[self.engine]
        end = time.monotonic() + patience_s
        while process.poll() is None:
            time.sleep(0.05)
            if any(fault.action == "hang" for fault in self.faults):
                self._kill_hung()
            if time.monotonic() > end:
                self.kill_all()
                process.wait()
                raise TimeoutError(f"{self.folder}: a start took longer than {patience_s:.0f} s")
        return process.returncode

    def _kill_hung(self) -> None:
        for row in self.fired():
            killed = self.counts / f"killed-{row['pid']}"
            if row["action"] == "hang" and not killed.exists():
                time.sleep(_HUNG_S)
                killed.touch()
                if any(p.pid == row["pid"] for p in self.processes()):
                    os.kill(int(str(row["pid"])), signal.SIGKILL)

    def processes(self) -> list[psutil.Process]:
        """Return the live processes that descend from a start of this run."""
        found = []
        for process in psutil.process_iter():
            try:
                is_own = process.environ().get(_MARK) == self.mark
                if is_own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def wait_until_gone(self, patience_s: float = 60.0) -> None:
        """Wait for all processes of the run to end.

        Raises:
            TimeoutError: some live on.
        """
        end = time.monotonic() + patience_s
        while left := self.processes():
            if time.monotonic() > end:
                lines = [" ".join(process.cmdline())[:120] for process in left]
                self.kill_all()
                raise TimeoutError(f"{self.folder}: still alive after {patience_s:.0f} s: {lines}")
            time.sleep(0.05)

    def kill_all(self) -> None:
        """Kill every process of the run."""
        for process in self.processes():
            process.kill()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)
        if self.engine == "ray":
            shutil.rmtree(self.ray, ignore_errors=True)


def _write_video(path: Path, seed: int) -> None:
    """Write one second in two shots, every other one with a tone."""
    rate, fps, size = 16000, 10, (64, 48)
    colors = np.random.default_rng(seed).integers(0, 256, (2, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", rate=rate, layout="mono") if seed % 2 else None
        for number in range(fps):
            picture = np.full((size[1], size[0], 3), colors[number * 2 // fps], np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
        if audio is not None:
            tone = np.sin(np.arange(rate, dtype=np.float32) * 0.2)[None] * 0.5
            sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = rate, 0, Fraction(1, rate)
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
        container.mux(video.encode(None))
