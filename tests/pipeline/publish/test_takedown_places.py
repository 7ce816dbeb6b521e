"""Where the run and the audits of a dataset are looked for."""

import pytest

from interlink.pipeline.publish.takedown_places import find_audits, find_runs
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError


def make_audit(folder):
    folder.mkdir(parents=True)
    for name in ("plan.json", "items.parquet"):
        (folder / name).write_text("x")
    return folder


def test_the_run_that_a_dataset_lies_in_is_found(published):
    [run] = find_runs(published.dataset, [])
    assert run.url == published.run.url
    [named] = find_runs(published.dataset, [published.run.url])
    assert named.url == published.run.url


def test_a_dataset_by_itself_has_no_run_and_a_wrong_one_is_refused(tmp_path):
    assert find_runs(Store(str(tmp_path / "dataset")), []) == []
    with pytest.raises(UsageError, match=r"there is no plan in .*nowhere"):
        find_runs(Store(str(tmp_path / "dataset")), [str(tmp_path / "nowhere")])


def test_audits_are_found_in_and_beside_dataset_and_run_and_where_one_works(
    published, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    found = [
        make_audit(tmp_path / "audit" / "here"),
        make_audit(published.dataset.local_path("audit")),
        make_audit(published.run.local_path("audit/first")),
    ]
    named = make_audit(tmp_path / "elsewhere")
    (tmp_path / "audit" / "no audit").mkdir()
    audits = find_audits(published.dataset, [published.run], [named])
    assert audits[0] == named
    assert sorted(audits[1:]) == sorted(found)


def test_a_folder_without_an_audit_is_refused(published, tmp_path):
    with pytest.raises(UsageError, match=r"there is no audit at .*plan\.json"):
        find_audits(published.dataset, [], [tmp_path])
