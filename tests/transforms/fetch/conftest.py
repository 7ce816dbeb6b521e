"""What the tests of downloads share."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.schemas.source import Source
from interlink.transforms import secrets
from interlink.transforms.fetch.fetch import Fetch
from interlink.transforms.fetch.limits import Limits
from interlink.transforms.fetch.watch import Watch


@pytest.fixture
def limits() -> Limits:
    """Small ones, so that faults show soon."""
    return Limits(max_bytes=1_000_000, timeout_s=20, stall_timeout_s=5, connect_timeout_s=5)


@pytest.fixture
def watch(limits: Limits) -> Iterator[Watch]:
    with Watch(limits, threading.Event()) as watch:
        yield watch


@pytest.fixture
def forgetful(monkeypatch) -> Iterator[None]:
    """Lets this process forget the secrets that a test read."""
    make = logging.getLogRecordFactory()
    monkeypatch.setattr(secrets, "_hidden", ())
    yield
    logging.setLogRecordFactory(make)


@pytest.fixture
def fetch(workspace: PartWorkspace) -> Callable[..., list]:
    """Fetches URIs or sources in one batch: `fetch("a.mp4", max_bytes=10)`."""

    def run(*sources: str | Source, **parameters):
        transform = Fetch(**parameters)
        transform.open_part(workspace)
        made = [s if isinstance(s, Source) else Source(source_id=s, uri=s) for s in sources]
        return transform.process_batch(made)

    return run
