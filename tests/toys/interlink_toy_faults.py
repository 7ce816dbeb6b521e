"""Draws what goes wrong in a run under chaos: a seed gives the same faults each time.

Deaths are bounded so that nothing innocent suffers by chance: a record at which three attempts died
is quarantined, and a batch at which two died is taken apart, which its clips say of themselves.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from interlink.pipeline.faults import Action, Fault
from interlink.pipeline.recipes.recipe import Retain

STEPS = ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
RETAINS: tuple[Retain, ...] = ("all", "none", "frames")

_TWIN_SHARE = 0.15

Moment = Literal["driver", "part", "batch"]
"""When a point is passed: between two steps; while a part is taken through a step, with no record
in hand; or perhaps with records in hand."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What may go wrong at a fault point.

    Attributes:
        moment: when it is passed.
        actions: what may happen.
        errors: what `raise` raises here.
        subjects: patterns to choose from, `{step}` standing for any step.
        hits: which hit is struck, 1 to this.
        weight: how often it is chosen against others.
    """

    moment: Moment
    actions: tuple[Action, ...] = ("kill", "hang", "raise", "slow")
    errors: tuple[str, ...] = ("EIO", "ENOSPC")
    subjects: tuple[str, ...] = ("*",)
    hits: int = 1
    weight: int = 2


_ERRORS = ("EIO", "ENOSPC", "ECONNRESET")
_STEP = ("steps/{step}-*",)
_PART = Place(moment="part", subjects=_STEP, hits=3)
_BETWEEN = Place(moment="driver", weight=1)
_SHARDS = Place(moment="driver", subjects=("docs/*", "media/*"), hits=3)
_FILES = ("*plans/*", "*_manifest/*", "*funnel/*", "*README.md", "*stats.json", "*recipe.yaml")

POINTS: dict[str, tuple[Place, ...]] = {
    "part.begun": (_PART,),
    "stage.before": (_PART,),
    "stage.after": (_PART,),
    "part.written": (
        _PART,
        Place(moment="part", actions=("torn",), subjects=_STEP, hits=3),
    ),
    "part.verified": (_PART,),
    "commit.before": (_PART,),
    "commit.after": (_PART,),
    "workspace.add_file": (Place(moment="batch", errors=_ERRORS, hits=4),),
    "workspace.read": (
        Place(
            moment="batch",
            errors=_ERRORS,
            subjects=("steps/transcribe-*", "steps/caption-*", "steps/assemble-*"),
            hits=8,
            weight=4,
        ),
    ),
    "store.read": (Place(moment="batch", hits=40),),
    "store.open": (Place(moment="batch", errors=_ERRORS, hits=20),),
    "store.put": (
        Place(moment="driver", subjects=(*_FILES, "jobs/*")),
        Place(moment="batch", subjects=_STEP, hits=9),
    ),
    "store.written": (
        Place(moment="driver", actions=("kill", "torn"), subjects=_FILES),
        Place(moment="part", actions=("torn",), subjects=("*/{step}-*/_done.json",), hits=3),
    ),
    "store.moved": (Place(moment="batch", subjects=_STEP, hits=9),),
    "store.copy": (Place(moment="driver", errors=_ERRORS, hits=6),),
    "store.remove": (Place(moment="batch", hits=9),),
    "plan.before": (_BETWEEN,),
    "plan.after": (_BETWEEN,),
    "step.started": (Place(moment="driver", subjects=_STEP),),
    "step.ended": (Place(moment="driver", subjects=_STEP),),
    "watcher.look": (Place(moment="batch", actions=("kill", "raise", "slow"), hits=12),),
    "shard.before": (_SHARDS,),
    "shard.after": (_SHARDS,),
    "manifest.before": (_BETWEEN,),
    "manifest.after": (_BETWEEN,),
    "publish.before": (_BETWEEN,),
    "publish.after": (_BETWEEN,),
    "funnel.before": (_BETWEEN,),
    "card.before": (_BETWEEN,),
    "free.before": (_BETWEEN,),
}
"""Every fault point of the code."""

DEADLY = frozenset({"kill", "hang", "torn"})
"""Actions after which a process is dead, by itself or because somebody killed what hung."""


@dataclass(frozen=True, kw_only=True)
class Chaos:
    """What a seed asks for."""

    steps: tuple[str, ...]
    """Steps that run on the engine, and at whose parts things go wrong; the others run locally."""
    faults: tuple[Fault, ...]
    """One to four."""
    twins: int
    """Runs at once on the same run folder and dataset: 1, or 2 now and then."""
    retain: Retain
    """What the recipe keeps of the working files."""


def draw_chaos(seed: int, engine: str) -> Chaos:
    """Return what goes wrong, and at which steps.

    Args:
        seed: draws it.
        engine: `local` carries all steps; others two, as each step on them takes seconds to start,
            and there fewer die, as one worker's death may be that of others at work.
    """
    chance = random.Random(seed)
    steps = STEPS if engine == "local" else tuple(sorted(chance.sample(STEPS, 2)))
    faults = tuple(_draw_faults(chance, engine, steps))
    are_two = engine == "local" and chance.random() < _TWIN_SHARE
    retain = chance.choice(RETAINS)
    return Chaos(steps=steps, faults=faults, twins=2 if are_two else 1, retain=retain)


def _draw_faults(chance: random.Random, engine: str, steps: Sequence[str]) -> list[Fault]:
    deaths: Counter[Moment] = Counter()
    faults: list[Fault] = []
    places = [(name, place) for name in sorted(POINTS) for place in POINTS[name]]
    in_workers = [(name, place) for name, place in places if place.moment != "driver"]
    for number in range(chance.randint(1, 4)):
        # On an engine the first one strikes a worker: what is new there.
        some = places if number or engine == "local" else in_workers
        [(name, place)] = chance.choices(some, [place.weight for _, place in some])
        may_die = _may_die(place.moment, deaths, 2 if engine == "local" else 1)
        actions = [action for action in place.actions if may_die or action not in DEADLY]
        if not actions:
            continue
        action = chance.choice(actions)
        if action in DEADLY:
            deaths[place.moment] += 1
        subject = chance.choice(place.subjects).format(step=chance.choice(steps))
        faults.append(
            Fault(
                point=name,
                action=action,
                subject=subject,
                nth=chance.randint(1, place.hits),
                times=1 if action in DEADLY else chance.randint(1, 2),
                error=chance.choice(place.errors),
            )
        )
    return faults


def _may_die(moment: Moment, deaths: Counter[Moment], most: int) -> bool:
    if moment == "driver":
        return deaths["driver"] < 2
    if deaths["batch"]:
        return False
    return deaths["part"] < most if moment == "part" else deaths["part"] == 0
