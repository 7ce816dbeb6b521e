"""Beam alone: pipelines of one's own, dead workers, options, quiet."""

import dataclasses
import logging

import pytest
from interlink_toy_engines import started
from interlink_toy_runs import QUICK, ToyRun
from interlink_toys import Act, Bind, Multiply, source, sources, tries

from interlink.pipeline.engines.beam import OUTCOMES, BeamEngine, RunStage, RunStep
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.engines.quiet import quiet
from interlink.pipeline.parts.runtime import run_stage
from interlink.pipeline.step import Stage
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault, IncompleteError, UsageError

beam = pytest.importorskip("apache_beam")
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402
from apache_beam.testing.util import assert_that, equal_to  # noqa: E402

pytestmark = [pytest.mark.engines]


def own_pipeline(*options: str):
    return beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *options]))


def fated(tmp_path):
    fates = {"a": "reject", "b": "fail", "c": "flaky", "d": "defer", "e": "poison"}
    return Act(folder=str(tmp_path)), sources(fates, keep=4)


def test_a_stage_runs_record_by_record_in_a_pipeline_of_one_s_own(tmp_path):
    transform, given = fated(tmp_path)
    stage = Stage(name="act", transform=transform)
    (tmp_path / "local").mkdir()
    local = Act(folder=str(tmp_path / "local"))
    local.setup()
    expected = run_stage(Stage(name="act", transform=local), given, step="act", retry=QUICK)
    local.teardown()
    with own_pipeline() as pipeline:
        made = pipeline | beam.Create(given) | RunStage(stage, QUICK)
        assert_that(made.kept, equal_to(expected.records), label="kept")
        assert_that(made[OUTCOMES], equal_to(expected.outcomes), label="outcomes")


def test_a_stage_that_gathers_is_given_whole_groups(tmp_path):
    act = Stage(name="act", transform=Act(), batch_size=2)
    bind = Stage(name="bind", transform=Bind())
    given = [
        dataclasses.replace(source(f"{group}-{n}"), group=group)
        for group in ("whole", "torn", "none")
        for n in range(3)
    ]
    with own_pipeline() as pipeline:
        items = pipeline | beam.Create(given) | RunStage(act, QUICK)
        made = items.kept | RunStage(bind, QUICK)
        bundles = made.kept | beam.Map(lambda b: (b.bundle_id, tuple(sorted(b.members))))
        fates = made[OUTCOMES] | beam.Map(lambda o: (o.disposition.value, o.code)) | CountEach()
        whole = ("whole-0", "whole-1", "whole-2")
        assert_that(bundles, equal_to([("whole", whole)]), label="kept")
        assert_that(
            fates,
            equal_to(
                [
                    (("kept", None), 3),
                    (("failed", "model_error"), 3),
                    (("rejected", "empty"), 3),
                ]
            ),
            label="fates",
        )


def CountEach():  # noqa: N802  (named as the transforms of Beam are)
    return beam.combiners.Count.PerElement()


def test_parts_run_in_a_pipeline_of_one_s_own(tmp_path):
    transform, given = fated(tmp_path)
    run = ToyRun(tmp_path / "run", given)
    runner = run.runner(
        Stage(name="act", transform=transform), Stage(name="times", transform=Multiply())
    )
    with own_pipeline() as pipeline:
        done = pipeline | beam.Create(run.parts) | RunStep(runner)
        assert_that(done, equal_to(run.parts))
    report = run.go(LocalEngine(), runner)
    assert report.num_reused == report.num_parts == len(given)


@pytest.mark.slow
def test_a_dead_worker_fails_the_job_in_one_sentence_and_running_again_goes_on(tmp_path):
    given = [source("x", "die once"), *sources({}, keep=8)]
    run = ToyRun(tmp_path / "run", given)
    runner = run.runner(Stage(name="act", transform=Act(folder=str(tmp_path))))
    with started("beam-processes") as engine:
        with pytest.raises(
            IncompleteError, match=r"^the Beam job of step 'toy' failed.*run again to go on$"
        ):
            run.go(engine, runner)
        report = run.go(engine, runner)
    assert tries(tmp_path, "x") == 2
    assert report.stages[0].kept == len(given)


@pytest.mark.slow
def test_a_step_with_workers_gets_processes_unless_the_options_say_otherwise(tmp_path):
    for options, expected in ([], 2), (["--direct_running_mode=in_memory"], 1):
        folder = tmp_path / f"workers-{expected}"
        folder.mkdir()
        run = ToyRun(folder / "run", sources({}, keep=8))
        runner = run.runner(Stage(name="act", transform=Act(folder=str(folder))), workers=2)
        run.go(BeamEngine(options), runner)
        assert tries(folder, "setups") == expected


def test_a_fault_that_cannot_be_noted_in_the_run_keeps_its_kind(tmp_path, monkeypatch):
    def full(*_):
        raise EnvironmentFault("no space left to write x: free some, then run again")

    run = ToyRun(tmp_path / "run", [source("a", "broken")])
    monkeypatch.setattr(Store, "put_if_absent", full)  # the worker is this process
    with pytest.raises(EnvironmentFault, match=r"^no space left to write x: free some"):
        BeamEngine().run(run.runner(Stage(name="act", transform=Act())), run.parts)


def test_options_that_beam_refuses_are_a_mistake_of_the_user(tmp_path):
    run = ToyRun(tmp_path / "run", [source("a")])
    runner = run.runner(Stage(name="act", transform=Act()))
    with pytest.raises(UsageError, match=r"Beam refuses its options.*NoSuchRunner"):
        BeamEngine(["--runner=NoSuchRunner"]).run(runner, run.parts)


def test_quiet_restores_what_it_found():
    found = logging.getLogger("toy.chatter")
    found.setLevel(logging.INFO)
    with quiet({"toy.chatter": logging.ERROR}):
        assert not found.isEnabledFor(logging.WARNING)
    assert found.level == logging.INFO
