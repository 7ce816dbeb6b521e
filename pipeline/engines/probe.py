"""A tiny job that asks the workers of an engine what they are and what they can do.

It goes the way of any step: a plan in the store, parts, commits; so what comes back proves that
workers import this package, read and write the store and keep put-if-absent.
"""

import dataclasses
import functools
import importlib
import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from ... import __version__
from ...schemas.errors import InterlinkError
from ...schemas.source import Source
from ...transforms.base import Kept, Map
from ...transforms.child import Child
from ...transforms.media.probe import NUM_FRAMES
from ..machine.package_digest import package_digest
from ..parts.commit import KEPT_NAME
from ..parts.part import PartRunner
from ..parts.plan import plan_parts, write_plan
from ..step import EngineName, Resources, Stage, Step
from ..step_run import run_step
from ..storage.records_file import read_records
from ..storage.store import Store
from .engine import Engine

NUM_RECORDS = 10
PACKAGES = ("av", "numpy", "opencv-python-headless", "pyarrow")
"""Packages whose version decides bytes."""
_PAUSE_S = 0.2
"""What a record takes at least, so that no worker does them all."""
_DECODE_S = 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What one worker says of itself."""

    report_id: str
    """The record that asked."""
    host: str
    pid: int
    python: str
    """Version, and the machine's architecture."""
    version: str
    """Of this package."""
    package: str
    """Digest of this package's own files (`package_digest`)."""
    packages: tuple[str, ...]
    """`name version` of each of `PACKAGES`."""
    fault: str
    """Why it cannot decode a video; empty where it can."""
    gpus: tuple[str, ...]
    """Names of the GPUs that it sees."""
    free_gib: float
    """Free space of its folder for unfinished files."""


def report_worker(report_id: str, scratch: Path | None = None) -> WorkerReport:
    """Describe the process that calls this, and the free space of its `scratch`."""
    gpus, fault = _once_a_process()
    return WorkerReport(
        report_id=report_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        python=f"{platform.python_version()} {platform.machine()}",
        version=__version__,
        package=package_digest(),
        packages=tuple(f"{name} {_version(name)}" for name in PACKAGES),
        fault=fault,
        gpus=gpus,
        free_gib=round(shutil.disk_usage(scratch or tempfile.gettempdir()).free / 2**30, 1),
    )


@dataclasses.dataclass(kw_only=True)
class ReportWorker(Map[Source, WorkerReport]):
    """Answers each record with a report of the worker that got it."""

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[WorkerReport]]:
        """Report, slowly enough that other workers get records as well."""
        time.sleep(_PAUSE_S * len(records))
        scratch = self.files().scratch
        return [
            Kept(input_id=record.source_id, record=report_worker(record.source_id, scratch))
            for record in records
        ]


def probe_engine(
    engine: Engine,
    name: EngineName,
    resources: Resources,
    run: Store,
    *,
    scratch: str | None = None,
) -> list[WorkerReport]:
    """Run the tiny job on an engine.

    Args:
        engine: where to run it.
        name: its name.
        resources: how many workers there shall be, and what each reserves.
        run: the run in whose store it writes; nothing of it stays.
        scratch: local folder for unfinished files, as `PartRunner` wants it.

    Returns:
        One report for each worker that got a record, by host.

    Raises:
        EnvironmentFault: the engine or a worker says so.
        IncompleteError: workers died, or nothing of what they wrote has arrived.
    """
    url = run.display(f"doctor-{uuid.uuid4().hex[:8]}")
    store = Store(url, single_writer=run.single_writer)
    asked = [Source(source_id=f"probe-{n}", uri=f"probe:{n}") for n in range(NUM_RECORDS)]
    write_plan(store, 1, asked)
    try:
        stage = Stage(name="report", transform=ReportWorker())
        step = Step(name="doctor", stages=[stage], engine=name, resources=resources)
        runner = PartRunner(
            store_url=url,
            step=step,
            key=step.key(""),
            previous_folder=None,
            single_writer=run.single_writer,
            scratch=scratch,
        )
        done = run_step(
            engine,
            runner,
            plan=1,
            parts=plan_parts(store, 1),
            max_failed_share=1.0,
            observers=(),
        )
        reports: dict[tuple[str, int], WorkerReport] = {}
        for commit in done.commits:
            file = commit.file(KEPT_NAME)
            assert file is not None
            with store.open(file.path) as opened:
                for report in read_records(opened, WorkerReport):
                    reports[report.host, report.pid] = report
    finally:
        store.remove("")
    return [reports[place] for place in sorted(reports)]


@functools.cache
def _once_a_process() -> tuple[tuple[str, ...], str]:
    """Find out what takes seconds."""
    return _gpus(), _decoding_fault()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def _decoding_fault() -> str:
    try:
        with Child() as child:
            answer = child.call(
                "interlink.transforms.media.probe:decode_tiny", {}, deadline_s=_DECODE_S
            )
    except InterlinkError as error:
        return str(error)
    frames = answer["frames"]
    return "" if frames == NUM_FRAMES else f"decoded {frames} of {NUM_FRAMES} frames"


def _gpus() -> tuple[str, ...]:
    """Ask torch, which sees what models will see; where there is none, the driver's own tool."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        tool = shutil.which("nvidia-smi")
        if tool is None or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
            return ()
        command = [tool, "--query-gpu=name", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return tuple(done.stdout.split("\n")[:-1]) if done.returncode == 0 else ()
    return tuple(torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count()))
