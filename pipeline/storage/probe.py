"""Whether commits can be made in a store: it can be written, and keeps put-if-absent."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from ...schemas.errors import EnvironmentFault
from .store import Store

NUM_WRITERS = 8
"""Threads that put one file at the same moment."""


def probe_store(store: Store) -> None:
    """Check that commits can be made in a store; leaves nothing behind.

    Raises:
        EnvironmentFault: it cannot be written, or two writers could both commit.
    """
    name = f".probe-{uuid.uuid4().hex}"
    try:
        if store.single_writer:
            store.put(name, b"")
            is_kept = True
        else:
            is_kept = store.puts_if_absent and _race(store, name) == 1
            is_kept = is_kept and not store.put_if_absent(name, b"late")
        store.remove_file(name)
    except OSError as error:
        reason = error.strerror or error
        raise EnvironmentFault(f"cannot write to {store.display()}: {reason}") from error
    except (TypeError, NotImplementedError):  # clients that do not know the question
        is_kept = False
    if not is_kept:
        raise EnvironmentFault(
            f"the store {store.display()} does not keep put-if-absent, so two workers could commit "
            "one part twice; use a local disk, S3, GCS or Azure, or set single_writer: true in the "
            "recipe and never run it twice at once"
        )


def _race(store: Store, name: str) -> int:
    """Return how many of some writers were told that they wrote the file."""
    if store.is_local:  # hard links keep it
        return int(store.put_if_absent(name, b"first"))
    gate = threading.Barrier(NUM_WRITERS)

    def put(number: int) -> bool:
        gate.wait()
        return store.put_if_absent(name, bytes([number]))

    with ThreadPoolExecutor(NUM_WRITERS) as pool:
        return sum(pool.map(put, range(NUM_WRITERS)))
