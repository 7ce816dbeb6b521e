"""The loop over parts in this process."""

import pytest
from interlink_toy_runs import ToyRun
from interlink_toys import Act, sources, tries

from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.step import Stage
from interlink.schemas.errors import EnvironmentFault


def test_parts_are_taken_in_order_by_one_worker(tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=3))
    report = run.go(
        LocalEngine(), run.runner(Stage(name="act", transform=Act(folder=str(tmp_path))))
    )
    assert [commit.part for commit in report.commits] == run.parts
    assert len(run.kept_digests(report)) == 3
    assert (tries(tmp_path, "setups"), tries(tmp_path, "teardowns")) == (1, 1)


def test_no_part_is_begun_after_the_step_was_stopped(tmp_path):
    run = ToyRun(tmp_path / "run", sources({"a": "broken"}, keep=20))
    runner = run.runner(Stage(name="act", transform=Act()))
    with pytest.raises(EnvironmentFault, match="toy machine is broken"):
        run.go(LocalEngine(), runner)
    begun = [part for part in run.parts if part in run.store.names(runner.folder)]
    assert begun == run.parts[: len(begun)]
    assert len(begun) < len(run.parts)
