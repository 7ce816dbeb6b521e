"""One seed of chaos, from its draw to the verdict: what struck, and what is wrong."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from interlink_toy_chaos import ChaosRun
from interlink_toy_faults import RETAINS, draw_chaos
from interlink_toy_truth import (
    Truth,
    check_commits,
    collect_garbage,
    differences,
    truth_of,
    unaccounted,
)

from interlink.pipeline.recipes.recipe import Retain

SUPERVISED_LOCALLY = 7
"""Of so many local seeds one has a supervisor where time is short."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a seed."""

    seed: int
    engine: str
    steps: tuple[str, ...]
    """Steps that ran on the engine."""
    faults: tuple[dict[str, Any], ...]
    """What was asked for."""
    fired: tuple[dict[str, Any], ...]
    """What struck, in order."""
    restarts: int
    """Starts after the first one, by whoever wants the run done."""
    jobs: int
    """Jobs in all: those that supervisors started again are among them."""
    wall_s: float
    troubles: tuple[str, ...]
    """What is wrong; nothing, if all is well."""


def calm_truths(folder: Path, manifest: Path) -> dict[Retain, Truth]:
    """Run without faults once for each way to retain working files, and return what that gives.

    Args:
        folder: of their own; the runs stay there.
        manifest: the sources.
    """
    truths = {}
    for retain in RETAINS:
        run = ChaosRun(folder=folder / retain, manifest=manifest, retain=retain)
        result = run.until_done_forked()
        assert result.exits == (0,), result.output
        assert unaccounted(run.run, run.dataset) == []
        truths[retain] = truth_of(run.run, run.dataset)
    return truths


def try_seed(
    seed: int,
    engine: str,
    *,
    folder: Path,
    manifest: Path,
    calm: Mapping[Retain, Truth],
    is_forked: bool = False,
) -> Verdict:
    """Run a seed to its end, and remove the folder if all is well.

    Args:
        seed: draws what goes wrong.
        engine: where steps run.
        folder: of its own.
        manifest: the sources.
        calm: what runs without faults give, by what they retain.
        is_forked: whether to start it without new interpreters and without a supervisor.
    """
    chaos, began = draw_chaos(seed, engine), time.monotonic()
    run = ChaosRun(
        folder=folder,
        manifest=manifest,
        engine=engine,
        steps=chaos.steps,
        faults=chaos.faults,
        retain=chaos.retain,
    )
    troubles: list[str] = []
    restarts = 0
    try:
        result = run.until_done_forked() if is_forked else run.until_done(twins=chaos.twins)
        restarts = result.restarts
        troubles += _troubles_of(run, calm[chaos.retain], result.exits, result.output)
    except (TimeoutError, AssertionError) as error:
        troubles.append(str(error))
    fired = tuple(run.fired())
    jobs = len(list(run.run.glob("jobs/[0-9][0-9][0-9][0-9].json")))
    if not troubles:
        run.remove()
    return Verdict(
        seed=seed,
        engine=engine,
        steps=chaos.steps,
        faults=tuple(asdict(fault) for fault in chaos.faults),
        fired=fired,
        restarts=restarts,
        jobs=jobs,
        wall_s=round(time.monotonic() - began, 1),
        troubles=tuple(troubles),
    )


def _troubles_of(run: ChaosRun, calm: Truth, exits: tuple[int, ...], output: str) -> list[str]:
    """Return what is wrong with a run that came to its end."""
    if exits[-1] != 0:
        return [f"exits {exits}\n{output}"]
    # 1 is a bug of ours, 2 a mistake of the user's: no fault of a machine may end so.
    troubles = [f"exit {code} among {exits}" for code in sorted({1, 2} & set(exits))]
    check_commits(run.run)
    troubles += differences(truth_of(run.run, run.dataset), calm)
    collect_garbage(run.run, run.dataset)
    check_commits(run.run)
    troubles += differences(truth_of(run.run, run.dataset), calm)
    left = unaccounted(run.run, run.dataset)
    troubles += [f"nobody explains {left}"] if left else []
    return troubles
