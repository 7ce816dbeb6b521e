"""What a run's files say of it."""

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import sources

from interlink.pipeline.parts.plan import write_plan
from interlink.pipeline.plans.run_files import commits_of, last_steps, open_run, step_folders
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError


def test_a_run_tells_its_plans_steps_and_dataset(tmp_path):
    run = ToyChain(tmp_path / "run", sources({}, keep=3))
    reports = run.go()
    write_plan(run.store, 2, sources({"x": "keep"}))
    found = open_run(run.store.url)
    assert found.parts == {1: ["001-00000", "001-00001", "001-00002"], 2: ["002-00000"]}
    assert found.all_parts[-1] == "002-00000"
    assert [step.folder for step in found.steps] == [report.folder for report in reports]
    assert found.dataset == f"{run.store.url}/dataset"
    assert last_steps(run.store) == found.steps


def test_a_planned_run_has_no_steps_yet(tmp_path):
    run = ToyChain(tmp_path / "run", sources({}, keep=1))
    found = open_run(run.store.url)
    assert (found.steps, found.dataset) == ((), None)


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "there is no plan in"), ("/file.txt", "file.txt is a file; name")]
)
def test_what_is_no_run_is_refused(tmp_path, name, sentence):
    (tmp_path / "file.txt").touch()
    with pytest.raises(UsageError, match=sentence):
        open_run(f"{tmp_path}{name}")


def test_commits_are_those_of_the_parts_that_are_done(tmp_path):
    run = ToyChain(tmp_path / "run", sources({}, keep=3))
    report = run.go()[0]
    run.store.remove(f"{report.folder}/001-00001/_done.json")
    found = commits_of(run.store, report.folder, ["001-00002", "001-00001", "001-00000", "no"])
    assert list(found) == ["001-00002", "001-00000"]
    assert found["001-00000"] == report.commits[0]


def test_each_step_has_a_folder_for_each_key(tmp_path):
    run = ToyChain(tmp_path / "run", sources({}, keep=1))
    run.go()
    run.go(chain(prompt="tell"))
    counts = {step: len(folders) for step, folders in step_folders(run.store).items()}
    assert counts == {"fetch": 1, "cut": 1, "caption": 2}
    assert step_folders(Store(str(tmp_path / "nowhere"))) == {}
