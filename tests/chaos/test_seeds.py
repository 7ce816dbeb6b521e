"""Whatever strikes a run, starting it again until it ends gives what a calm run gives."""

import pytest
from interlink_toy_chaos import MAX_RESTARTS, ChaosRun
from interlink_toy_faults import draw_chaos
from interlink_toy_truth import check_commits, truth_of

pytestmark = [pytest.mark.slow]

SEEDS = [*(("local", seed) for seed in range(20))]
SUPERVISED = 4
"""Every so many seeds run under a supervisor, as people run them; the others, which are started
again from one process that has everything imported, take a third of the time."""


@pytest.mark.parametrize(("engine", "seed"), SEEDS, ids=[f"{e}-{s}" for e, s in SEEDS])
def test_a_run_under_chaos_gives_what_a_calm_one_gives(engine, seed, tmp_path, manifest, calm):
    chaos = draw_chaos(seed, engine)
    run = ChaosRun(
        folder=tmp_path,
        manifest=manifest,
        engine=engine,
        steps=chaos.steps,
        faults=chaos.faults,
    )
    if engine != "local" or seed % SUPERVISED == 0:
        result = run.until_done()
    else:
        result = run.until_done_forked()
    assert result.exits[-1] == 0, f"{result.exits} {chaos}\n{result.output}"
    assert result.restarts <= MAX_RESTARTS
    check_commits(run.run)
    assert truth_of(run.run, run.dataset) == calm, chaos
    run.remove()
