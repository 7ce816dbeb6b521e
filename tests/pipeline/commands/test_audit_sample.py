"""`interlink audit sample`: a plan and a page from a real dataset."""

import re

import pytest

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.storage.store import Store


@pytest.fixture
def dataset(finished) -> str:
    return str(finished / "demo" / "dataset")


def test_it_writes_a_plan_and_a_page_and_says_where(interlink, here, dataset):
    code, printed = interlink(f"audit sample {dataset} --n 5 --strata speech,model")
    assert code == 0
    plan = read_plan(Store("audit/demo"))
    assert plan.strata == ("speech", "model")
    assert plan.dataset_url == dataset
    assert re.search(r"for the estimate +2 of 2 clips", printed)
    assert re.search(r"speech=no, model=facts +2 +2", printed)
    assert "plan     audit/demo/plan.json: keep it from raters" in printed
    assert "page     audit/demo/site/index.html: " in printed
    assert printed.splitlines()[-1].startswith("next: open the page, judge")
    assert (here / "audit/demo/site/index.html").is_file()


def test_what_is_handed_out_says_nothing_of_the_plan(interlink, here, dataset):
    assert interlink(f"audit sample {dataset} --n 2 --perturbed 0.5 --repeats 0.5")[0] == 0
    plan = read_plan(Store("audit/demo"))
    assert len(plan.items) > 2
    data = "".join(path.read_text() for path in here.glob("audit/demo/site/data/*.js"))
    for item in plan.items:
        assert item.item_id in data
    for word in ("perturbed", "of_item", "estimation", "inclusion"):
        assert word not in data


def test_the_same_options_give_the_same_plan(interlink, here, dataset):
    for name in "ab":
        assert interlink(f"audit sample {dataset} --n 1 --seed 3 --output {name}")[0] == 0
    assert read_plan(Store("a")) == read_plan(Store("b"))


def test_another_audit_is_not_written_over(interlink, here, dataset):
    interlink(f"audit sample {dataset} --output x")
    code, printed = interlink(f"audit sample {dataset} --seed 1 --output x")
    assert code == 2
    assert "x holds another audit" in printed


def test_a_risk_pool_that_nothing_speaks_for_is_told(interlink, here, dataset):
    _, printed = interlink(f"audit sample {dataset} --n 1 --risk 2")
    assert "only 0 of 2 for the risk pool" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--strata lang", "--strata lang must be among group, language"),
        ("--score blur", "--score blur must be one of motion"),
        ("--worst down", "--worst down must be one of low, high"),
        ("--kinds text", "--kinds text must be among given, caption"),
        ("--model nobody", "has no text by 'nobody'"),
        ("--view best", "no view 'best'"),
        ("--version 7", "has no version 7"),
        ("--repeats 0.9", "--repeats 0.9 must lie in [0, 0.5]"),
    ],
)
def test_mistakes_are_told_in_one_sentence(interlink, here, dataset, options, message):
    code, printed = interlink(f"audit sample {dataset} {options}")
    assert code == 2
    assert message in printed
    assert not (here / "audit").exists()


def test_a_folder_that_is_no_dataset_is_told(interlink, here):
    code, printed = interlink("audit sample .")
    assert code == 2
    assert "there is no dataset at" in printed
