"""What stands behind a step key is noted once, and read back as it was."""

from interlink_toy_chains import ToyChain, chain
from interlink_toys import source

from interlink.pipeline.curate import curate
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.step_record import note_step, read_step_record, record_step
from interlink.pipeline.storage.store import Store


def test_a_record_is_read_back_as_it_was_noted(tmp_path):
    store, step = Store(str(tmp_path)), chain(prompt="a", model="m@2")[2]
    record = record_step(step, "key", "steps/cut-x")
    note_step(store, "steps/caption-key", record)
    assert read_step_record(store, "steps/caption-key") == record
    [stage] = record.stages
    assert (stage.transform, stage.parameters) == ("Say", {"prompt": "a", "model": "m@2"})
    assert stage.models == ("m@2",)


def test_nested_sections_are_named_with_dots():
    steps = {step.name: step for step in curate(make_recipe({"sources": "x.txt"}))}
    [stage] = record_step(steps["caption"], "k", None).stages
    assert stage.parameters["captioner.backend"] == "facts"
    assert stage.parameters["captioner.class"] == "FactsCaptioner"
    # What is not in the digest invalidates nothing.
    assert "stall_timeout_s" not in record_step(steps["fetch"], "k", None).stages[0].parameters


def test_the_first_note_stays(tmp_path):
    store = Store(str(tmp_path))
    for prompt in ("first", "second"):
        note_step(store, "steps/x", record_step(chain(prompt=prompt)[2], "k", None))
    record = read_step_record(store, "steps/x")
    assert record is not None
    assert record.stages[0].parameters["prompt"] == "first"


def test_a_step_of_an_older_run_has_no_record(tmp_path):
    assert read_step_record(Store(str(tmp_path)), "steps/caption-0") is None


def test_a_run_notes_each_of_its_steps(tmp_path):
    run = ToyChain(tmp_path / "run", [source("a")])
    reports = run.go()
    records = [read_step_record(run.store, report.folder) for report in reports]
    assert [record.step for record in records if record] == ["fetch", "cut", "caption"]
    assert [record.previous for record in records if record] == [
        None,
        reports[0].folder,
        reports[1].folder,
    ]
