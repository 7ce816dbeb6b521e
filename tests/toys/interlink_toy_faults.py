"""Draws what goes wrong in a run under chaos: a seed gives the same faults each time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from interlink.pipeline.faults import Action, Fault

STEPS = ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
MAX_DEATHS = 2
"""Processes that die in one run: a record at which three attempts died is quarantined."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What may go wrong at a fault point.

    Attributes:
        actions: what may happen.
        errors: what `raise` raises here.
        subjects: patterns to choose from, `{step}` standing for any step.
        hits: which hit is struck, 1 to this.
    """

    actions: tuple[Action, ...] = ("kill", "hang", "raise", "slow")
    errors: tuple[str, ...] = ("EIO", "ENOSPC")
    subjects: tuple[str, ...] = ("*",)
    hits: int = 1


_PART = Place(subjects=("steps/{step}-*",), hits=3)
_FILES = (
    "*/{step}-*/kept.parquet",
    "*/{step}-*/_done.json",
    "plans/*",
    "_manifest/*",
    "funnel/*",
    "README.md",
    "stats.json",
)
_REMOTE = ("EIO", "ENOSPC", "ECONNRESET")

POINTS: dict[str, Place] = {
    "part.begun": _PART,
    "stage.before": _PART,
    "stage.after": _PART,
    "part.written": Place(
        actions=("kill", "hang", "raise", "torn"), subjects=("steps/{step}-*",), hits=3
    ),
    "part.verified": _PART,
    "commit.before": _PART,
    "commit.after": _PART,
    "workspace.add_file": Place(errors=_REMOTE, subjects=("steps/fetch-*",), hits=4),
    "workspace.read": Place(errors=_REMOTE, subjects=("steps/{step}-*",), hits=4),
    "store.read": Place(errors=_REMOTE, hits=40),
    "store.open": Place(errors=_REMOTE, hits=20),
    "store.put": Place(errors=_REMOTE, subjects=_FILES, hits=3),
    "store.written": Place(actions=("kill", "torn"), subjects=_FILES, hits=3),
    "store.moved": Place(errors=_REMOTE, subjects=("steps/{step}-*",), hits=6),
    "store.copy": Place(errors=_REMOTE, subjects=("docs/*", "media/*"), hits=3),
    "store.remove": Place(errors=_REMOTE, hits=3),
    "plan.before": Place(),
    "plan.after": Place(),
    "step.started": _PART,
    "step.ended": _PART,
    "watcher.look": Place(actions=("kill", "raise", "slow"), hits=12),
    "shard.before": Place(subjects=("docs/*", "media/*"), hits=3),
    "shard.after": Place(subjects=("docs/*", "media/*"), hits=3),
    "manifest.before": Place(),
    "manifest.after": Place(),
    "publish.before": Place(),
    "publish.after": Place(),
    "funnel.before": Place(),
    "card.before": Place(),
}
"""Every fault point of the code."""

_DEADLY = {"kill", "hang", "torn"}


def draw_faults(seed: int) -> list[Fault]:
    """Return one to four faults, at most `MAX_DEATHS` of which end a process."""
    chance = random.Random(seed)
    return list(_draw(chance, count=chance.randint(1, 4)))


def _draw(chance: random.Random, *, count: int) -> Iterator[Fault]:
    deaths = 0
    for _ in range(count):
        name = chance.choice(sorted(POINTS))
        place = POINTS[name]
        actions = [a for a in place.actions if a not in _DEADLY or deaths < MAX_DEATHS]
        if not actions:
            continue
        action = chance.choice(actions)
        deaths += action in _DEADLY
        yield Fault(
            point=name,
            action=action,
            subject=chance.choice(place.subjects).format(step=chance.choice(STEPS)),
            nth=chance.randint(1, place.hits),
            times=1 if action in _DEADLY else chance.randint(1, 2),
            error=chance.choice(place.errors),
        )
