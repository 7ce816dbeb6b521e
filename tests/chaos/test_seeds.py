"""Whatever strikes a run, starting it again until it ends gives what a calm run gives."""

import pytest
from interlink_toy_seed import SUPERVISED_LOCALLY, try_seed

pytestmark = [pytest.mark.slow]

ENGINES = [*(("beam", seed) for seed in range(3)), *(("ray", seed) for seed in range(3))]


@pytest.mark.parametrize("seed", range(20))
def test_a_local_run_under_chaos_gives_what_a_calm_one_gives(seed, tmp_path, manifest, calms):
    verdict = try_seed(
        seed,
        "local",
        folder=tmp_path / "run",
        manifest=manifest,
        calm=calms,
        # From one process that has everything imported: a third of the time.
        is_forked=seed % SUPERVISED_LOCALLY != 0,
    )
    assert not verdict.troubles, f"{verdict}"


@pytest.mark.parametrize(("engine", "seed"), ENGINES, ids=[f"{e}-{s}" for e, s in ENGINES])
def test_workers_under_chaos_give_what_calm_ones_give(engine, seed, tmp_path, manifest, calms):
    verdict = try_seed(seed, engine, folder=tmp_path / "run", manifest=manifest, calm=calms)
    assert not verdict.troubles, f"{verdict}"
