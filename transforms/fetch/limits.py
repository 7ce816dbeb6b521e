"""What one download may take; the limits of hosts have their place here too."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps and time limits of one download; `Fetch` explains each."""

    max_bytes: int
    timeout_s: float
    stall_timeout_s: float
    connect_timeout_s: float
