"""What failed in a run: counted, shown without secrets, and with advice."""

import dataclasses

import pytest
from interlink_toy_chains import ToyChain
from interlink_toys import source, sources

from interlink.pipeline.plans.run_files import open_run
from interlink.pipeline.watching.failures import (
    LOCAL_HOST,
    Failure,
    Group,
    advice,
    count_by,
    host_of,
    is_worth_a_retry,
    read_failures,
)
from interlink.schemas.outcome import ErrorCode


def web(name: str, host: str, fate: str) -> object:
    uri = f"https://user:pass@{host}/{name}.mp4?token=secret"
    return dataclasses.replace(source(name, fate), uri=uri)


@pytest.fixture
def found(tmp_path) -> list[Failure]:
    given = [
        *(web(name, "a.example", "unreachable") for name in ("a1", "a2")),
        web("b1", "b.example", "unreachable"),
        web("b2", "b.example", "fail"),
        source("m", say="nothing", times="2"),
        *sources({}, keep=1),
    ]
    run = ToyChain(tmp_path / "run", given)
    run.go()
    return read_failures(open_run(run.store.url))


def test_a_failure_tells_source_host_place_and_tries(found):
    by_id = {failure.record_id: failure for failure in found}
    first = by_id["a1"]
    assert (first.host, first.step, first.stage) == ("a.example", "fetch", "take")
    assert (first.code, first.disposition, first.attempts) == ("dns", "failed", 3)
    assert by_id["item-m-0"].source_id == "m"


def test_no_secret_of_a_uri_is_shown(found):
    by_id = {failure.record_id: failure for failure in found}
    assert by_id["a1"].uri == "https://a.example/a1.mp4"
    assert "secret" not in str(found)


def test_failures_are_counted_by_what_they_have_in_common(found):
    assert count_by(found, ["code"]) == [
        Group(values=("dns",), records=3, sources=3),
        Group(values=("model_error",), records=1, sources=1),
        Group(values=("not_media",), records=1, sources=1),
    ]
    assert count_by(found, ["host", "code"])[0].values == ("a.example", "dns")
    assert sum(group.records for group in count_by(found, ["part", "host"])) == 5


def test_only_some_codes_may_be_asked_for(tmp_path):
    run = ToyChain(tmp_path / "run", sources({"a": "fail", "b": "unreachable"}))
    run.go()
    [only] = read_failures(open_run(run.store.url), codes={"dns"})
    assert only.record_id == "b"


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://Site.example:8080/a.mp4", "site.example"),
        ("s3://bucket/a/b.mp4", "s3://bucket"),
        ("zip://a.mp4::https://c.example/x.zip", "c.example"),
        ("/data/a.mp4", LOCAL_HOST),
        ("file:///data/a.mp4", LOCAL_HOST),
        ("", LOCAL_HOST),
    ],
)
def test_a_host_is_where_the_source_lies(uri, host):
    assert host_of(uri) == host


def test_every_code_has_advice_and_that_agrees_with_what_a_retry_takes():
    for code in ErrorCode:
        assert advice(code)
        if is_worth_a_retry(code, "failed"):
            assert advice(code).startswith("yes")
    assert advice("dns") == "yes"
    assert advice("transform_error").startswith("no: a bug")
    assert advice("of_another_version").startswith("no, unless")
    assert not is_worth_a_retry("dns", "quarantined")
