"""`interlink failures`: counts, examples, and what to do."""

import json

import pytest
from interlink_toy_chains import ToyChain
from interlink_toys import source, sources


@pytest.fixture
def run(here) -> ToyChain:
    given = sources({"a": "unreachable", "b": "unreachable", "c": "fail", "d": "defer"}, keep=1)
    made = ToyChain(here / "run", [*given, source("m", say="nothing", times="2")])
    made.go()
    return made


def test_it_counts_by_code_host_and_step_and_shows_examples(interlink, run):
    code, printed = interlink("failures run")
    assert code == 0, printed
    assert printed.startswith("run: 5 records of 5 sources")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert "dns failed 2 2 yes" in lines
    assert "live deferred 1 1 yes, when its time has come" in lines
    assert "not_media failed 1 1 no, unless its cause is gone" in lines
    assert "toy://a 1 1" in lines
    assert "caption say 1 1" in lines
    assert any(line.startswith("dns in fetch: take, part 001-0") for line in lines)
    assert any("tried 3 times: a (toy://a)" in line for line in lines)
    assert "has no words" in printed
    assert "next: interlink retry run plans them again" in printed
    assert "next: interlink replay run c --step fetch shows one" in printed
    assert "key=secret" not in printed


def test_it_counts_by_what_is_asked_for(interlink, run):
    _, printed = interlink("failures run --by step,disposition --limit 0")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert "fetch failed 3 3" in lines
    assert "caption failed 1 1" in lines
    assert not any("part 001" in line for line in lines)


def test_it_shows_one_code_alone(interlink, run):
    _, printed = interlink("failures run --code dns --limit 1")
    assert printed.startswith("run: 2 records of 2 sources")
    assert printed.count("dns in fetch") == 1
    _, printed = interlink("failures run --code http_5xx")
    assert printed == "nothing failed in run with http_5xx\n"


def test_json_has_counts_and_examples(interlink, run):
    _, printed = interlink("failures run --json --limit 1")
    found = json.loads(printed)
    assert found["records"] == 5
    assert sum(row["records"] for row in found["counts"]) == 5
    assert set(found["counts"][0]) >= {"code", "host", "step", "records", "sources"}
    examples = {row["code"]: row for row in found["examples"]}
    assert examples["dns"]["retry"] == "yes"
    assert examples["live"]["wait_until_us"] > 0

    counts = json.loads(interlink("failures run --json --by code")[1])["counts"]
    assert counts[0] == {"code": "dns", "records": 2, "sources": 2}


def test_many_kinds_are_cut_short(interlink, here):
    given = [source(f"s{n}", "fail", host=str(n)) for n in range(15)]
    ToyChain(here / "run", given).go()
    _, printed = interlink("failures run --by part --limit 0")
    assert "3 more" in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("failures run --by colour", "--by colour must be one of code, host, step, stage"),
        ("failures nowhere", "there is no plan in nowhere"),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, run, line, sentence):
    code, printed = interlink(line)
    assert code == 2
    assert sentence in printed
