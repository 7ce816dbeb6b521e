import dataclasses
import json

import pytest

from interlink.pipeline.audit.plan import (
    ITEMS_NAME,
    PLAN_NAME,
    check_dataset,
    read_plan,
    write_plan,
)
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import Role
from interlink.schemas.errors import EnvironmentFault, UsageError

SETTINGS = AuditSettings(num_clips=8, strata=("speech", "score"), score="motion", num_risk=2)


@pytest.fixture
def url(audited) -> str:
    return audited.write(audited.documents(6))


@pytest.fixture
def folder(tmp_path) -> Store:
    return Store(str(tmp_path / "audit" / "first"))


def test_a_plan_is_read_as_it_was_written(url, folder):
    settings = dataclasses.replace(SETTINGS, perturbed_share=0.5)
    plan = draw_sample(url, settings)
    assert Role.PERTURBED in {item.role for item in plan.items}
    write_plan(folder, plan)
    assert read_plan(folder) == plan
    row = json.loads(folder.read(PLAN_NAME))
    assert "items" not in row
    assert row["content_digest"] == read_manifest(Store(url)).content_digest


def test_the_same_plan_gives_the_same_bytes(url, folder, tmp_path):
    other = Store(str(tmp_path / "other"))
    for store in (folder, other):
        write_plan(store, draw_sample(url, SETTINGS))
    for name in (PLAN_NAME, ITEMS_NAME):
        assert folder.read(name) == other.read(name)


def test_a_larger_sample_may_replace_a_smaller_one_but_not_the_other_way_round(url, folder):
    small = draw_sample(url, SETTINGS)
    large = draw_sample(url, dataclasses.replace(SETTINGS, num_clips=14))
    write_plan(folder, small)
    write_plan(folder, large)
    assert read_plan(folder) == large
    with pytest.raises(UsageError, match=r"with \d+ items that the new one lacks"):
        write_plan(folder, small)
    assert read_plan(folder) == large


def test_another_audit_is_not_written_over(url, folder):
    write_plan(folder, draw_sample(url, SETTINGS))
    other = draw_sample(url, dataclasses.replace(SETTINGS, seed=9))
    with pytest.raises(UsageError, match=r"holds another audit, .*name another folder"):
        write_plan(folder, other)


def test_a_plan_that_was_half_written_is_written_again_by_its_own_audit_alone(url, folder):
    small = draw_sample(url, SETTINGS)
    large = draw_sample(url, dataclasses.replace(SETTINGS, num_clips=14))
    write_plan(folder, large)
    items = folder.read(ITEMS_NAME)
    folder.remove(PLAN_NAME)
    write_plan(folder, small)
    folder.put(ITEMS_NAME, items)  # as if the disk had been full between the two
    with pytest.raises(EnvironmentFault, match="is not the file that"):
        read_plan(folder)
    with pytest.raises(EnvironmentFault, match="is not the file that"):
        write_plan(folder, draw_sample(url, dataclasses.replace(SETTINGS, seed=9)))
    write_plan(folder, large)
    assert read_plan(folder) == large


def test_another_dataset_version_is_refused(audited, url, folder):
    plan = draw_sample(url, SETTINGS)
    check_dataset(plan, read_manifest(Store(url)))
    changed = [audited.with_texts(d, *([[{"text": "Other."}]] * 3)) for d in audited.documents(6)]
    audited.write(changed)
    with pytest.raises(UsageError, match=r"drawn from version 1 of .*not from version 2"):
        check_dataset(plan, read_manifest(Store(url)))
    check_dataset(plan, read_manifest(Store(url), 1))
    assert draw_sample(url, SETTINGS).audit_id != plan.audit_id


def test_a_folder_without_a_plan_is_told(folder):
    with pytest.raises(UsageError, match=r"there is no audit at .*audit sample"):
        read_plan(folder)


def test_a_damaged_plan_is_told(url, folder):
    write_plan(folder, draw_sample(url, SETTINGS))
    whole, items = folder.read(PLAN_NAME), folder.read(ITEMS_NAME)
    folder.put(PLAN_NAME, whole[:-20])
    with pytest.raises(EnvironmentFault, match=r"plan.json is damaged"):
        read_plan(folder)
    folder.put(PLAN_NAME, whole.replace(b'"format_version": 1', b'"format_version": 2'))
    with pytest.raises(UsageError, match=r"format_version=2.*reads up to 1: update it"):
        read_plan(folder)
    folder.put(PLAN_NAME, whole)
    folder.put(ITEMS_NAME, items[:-1])
    with pytest.raises(EnvironmentFault, match=r"items.parquet is not the file"):
        read_plan(folder)
