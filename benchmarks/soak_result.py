"""What a soak showed, and how its processes fared."""

from dataclasses import dataclass
from typing import Any

from soak_sampler import Life, Sample, lives

STEPS = ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
WORKERS = 2


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a soak showed."""

    num_sources: int
    wall_s: float
    exit_code: int
    output: str
    steps: list[dict[str, Any]]
    """Of `stats.json`."""
    outcomes: list[dict[str, Any]]
    """Of every stage and record."""
    num_documents: int
    wrong: list[str]
    """Sources that did not end as they must."""
    samples: list[Sample]
    zombies: dict[int, int]
    begins_s: dict[str, float]
    """When each step began, since the epoch."""
    commits_s: dict[str, list[float]]
    """When each part was committed, by step."""
    kills: int
    """Decoding children that were killed on the way."""

    @property
    def lives(self) -> list[Life]:
        """How the driver fared since the third step, and each worker and child inside its step.

        Of a step the early stretch is from 30 to 55 % of its parts, and the late one from 80 %.
        """
        starts = list(self.begins_s.values())
        early, late = (starts[2], starts[3]), (starts[-1], self.samples[-1].time_s)
        found = lives(self.samples, "all", early=early, late=late, roles=["driver"])
        for step, commits in self.commits_s.items():
            times = [commits[int(share * (len(commits) - 1))] for share in (0.3, 0.55, 0.8, 1)]
            early, late = (times[0], times[1]), (times[2], times[3])
            roles = ["worker", "child"]
            found += lives(self.samples, step, early=early, late=late, roles=roles)
        return found
