"""What tells one copy of this package from another, as far as a worker runs it.

A worker of an old image would write its output under the key of new code, and nobody could tell.
"""

import functools
import hashlib
from pathlib import Path

from ...schemas.errors import EnvironmentFault

_RUN_BY_WORKERS = (
    "__init__.py",
    "schemas/**/*.py",
    "transforms/**/*.py",
    "pipeline/*.py",
    *(f"pipeline/{room}/*.py" for room in ("machine", "storage", "parts", "jobs", "engines")),
)
"""All that a part goes through. Commands, cards and audits are the driver's alone: to mend one of
them needs no new image. Models have their digests in their transforms' parameters."""


@functools.cache
def package_digest() -> str:
    """Return the digest of the code that this process runs on parts; read once in its life."""
    root = Path(__file__).parents[2]
    total = hashlib.sha256()
    for path in sorted({path for pattern in _RUN_BY_WORKERS for path in root.glob(pattern)}):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def check_package(expected: str) -> None:
    """Compare this process's package with the driver's.

    Args:
        expected: the driver's digest; empty compares nothing.

    Raises:
        EnvironmentFault: it is another one.
    """
    if expected and expected != package_digest():
        raise EnvironmentFault(
            f"a worker has another interlink than the driver: its package digest is "
            f"{package_digest()[:12]}, the driver's is {expected[:12]}. Build the workers' image "
            "(docker/) from the driver's checkout, or start the driver from that image"
        )
