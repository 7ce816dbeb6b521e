"""What one download may take; the limits of hosts have their place here too."""

from dataclasses import dataclass

from ...schemas.source import Source

BYTES_PER_S = 250_000
"""Size of a second of video at 2 Mbit/s, for sources of which only the duration is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps and time limits of one download; `Fetch` explains each."""

    max_bytes: int
    timeout_s: float
    stall_timeout_s: float
    connect_timeout_s: float


def expected_bytes(source: Source, max_bytes: int) -> int:
    """Return what a source's file is expected to take, by the manifest; 0 where it says nothing."""
    if source.num_bytes is not None:
        return min(source.num_bytes, max_bytes)
    return min(round((source.duration_us or 0) / 1e6 * BYTES_PER_S), max_bytes)
