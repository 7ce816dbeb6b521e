"""One BLAS thread in every process that touches a record."""

import os

from interlink.pipeline.machine.threads import ONE_THREAD, use_one_thread


def test_every_library_is_told_to_use_one_thread(monkeypatch):
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "8")
    use_one_thread()
    assert {os.environ[name] for name in ONE_THREAD} == {"1"}
    assert "OMP_NUM_THREADS" in ONE_THREAD
