"""Killed at every point at which anything is written or named, a run goes on to the same bytes."""

from itertools import product

import pytest
from interlink_toy_chaos import ChaosRun
from interlink_toy_faults import POINTS, STEPS
from interlink_toy_truth import check_commits, truth_of

from interlink.pipeline.faults import Fault

pytestmark = [pytest.mark.slow]


PARTS = ("001-00000", "001-00001", "002-00000")


def kills() -> list[Fault]:
    """Return a kill at each point: two of them never meet one part in one step.

    A batch at which two attempts died would be taken apart, which its clips say of themselves.
    """
    parts = (f"{step}-*/{part}*" for part, step in product(PARTS, STEPS))
    subjects = {
        # Only these steps read pictures and sound.
        "workspace.read": "steps/assemble-*/002-00000/*",
        "workspace.add_file": "steps/fetch-*/002-00000/*",
        # The first of each comes before any part is begun.
        **dict.fromkeys(("store.read", "store.remove", "watcher.look", "store.copy"), "*"),
        "store.open": "plans/*",
        "store.put": "plans/*",
        "store.written": "*/_manifest/v*.json",
    }
    taken = set(subjects.values())
    free = (part for part in parts if f"steps/{part.rstrip('*')}/*" not in taken)
    return [
        Fault(
            point=name,
            action="kill",
            subject=subjects.get(name)
            or (f"steps/{next(free)}" if places[0].moment != "driver" else "*"),
        )
        for name, places in sorted(POINTS.items())
    ]


def test_killed_at_every_point_a_run_goes_on_to_the_same_bytes(tmp_path, manifest, calms):
    faults = kills()
    run = ChaosRun(folder=tmp_path, manifest=manifest, faults=faults, retain="none")
    result = run.until_done_forked(limit=len(faults) + 1)
    assert sorted(row["point"] for row in result.fired) == sorted(POINTS), result.exits
    assert result.exits == (*[-9] * len(faults), 0), result.output
    check_commits(run.run)
    assert truth_of(run.run, run.dataset) == calms["none"]
