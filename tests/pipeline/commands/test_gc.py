"""`interlink gc`: what it tells, what it refuses."""

import pytest


@pytest.fixture
def dataset(published) -> str:
    published.dataset.put("docs/009-00000-00000000.parquet", b"12345")
    return published.dataset.url


def test_a_dry_run_removes_nothing(published, dataset, interlink):
    before = published.files
    code, output = interlink(f"gc {dataset} --older-than 0s --dry-run")
    assert code == 0
    assert f"{dataset}/docs/009-00000-00000000.parquet: no version names it" in output
    assert "1 files, 0.0 MB would be removed; younger than 0s stays" in output
    assert published.files == before
    assert "0 files, 0.0 MB would be removed" in interlink(f"gc {dataset} --dry-run")[1]


def test_what_nothing_needs_is_removed(published, dataset, interlink):
    code, output = interlink(f"gc {dataset} --older-than 0s")
    assert (code, "1 files, 0.0 MB removed" in output) == (0, True)
    assert not published.dataset.exists("docs/009-00000-00000000.parquet")
    assert interlink(f"gc {published.run.url}")[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--older-than 7", "--older-than 7 must be a number and s, m, h or d"),
        ("--steps", "--steps is for a run; this is a dataset"),
    ],
)
def test_options_that_make_no_sense_are_refused(dataset, interlink, options, message):
    code, output = interlink(f"gc {dataset} {options}")
    assert (code, message in output) == (2, True)


def test_versions_are_of_datasets_and_a_place_must_be_one_or_a_run(published, interlink, tmp_path):
    code, output = interlink(f"gc {published.run.url} --keep-versions 1")
    assert (code, "--keep-versions is for a dataset" in output) == (2, True)
    code, output = interlink(f"gc {tmp_path / 'none'}")
    assert (code, "is neither a run nor a dataset" in output) == (2, True)
