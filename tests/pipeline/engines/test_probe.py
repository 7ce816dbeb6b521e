"""What a worker says of itself, by the way of any step."""

import os
import socket

import pytest

from interlink import __version__
from interlink.pipeline.engines import probe
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.engines.probe import PACKAGES, probe_engine, report_worker
from interlink.pipeline.step import Resources
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault


def test_a_worker_s_report_is_true_of_this_process():
    report = report_worker("a")
    assert (report.host, report.pid, report.version) == (
        socket.gethostname(),
        os.getpid(),
        __version__,
    )
    assert report.fault == ""
    assert [package.split()[0] for package in report.packages] == list(PACKAGES)
    assert not any("missing" in package for package in report.packages)


def test_the_tiny_job_leaves_nothing_in_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "_PAUSE_S", 0.0)
    [report] = probe_engine(LocalEngine(), "local", Resources(), Store(str(tmp_path / "run")))
    assert report.pid == os.getpid()
    assert list((tmp_path / "run").rglob("*.*")) == []


def test_a_store_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(EnvironmentFault, match=r"^cannot write .*: (Not a directory|File exists)"):
        probe_engine(LocalEngine(), "local", Resources(), Store(str(tmp_path / "file")))


def test_a_machine_without_codecs_says_so(monkeypatch):
    probe._once_a_process.cache_clear()
    monkeypatch.setattr(probe, "NUM_FRAMES", 4)
    assert report_worker("a").fault == "decoded 3 of 4 frames"
    probe._once_a_process.cache_clear()
