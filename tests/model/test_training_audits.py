"""A training may ask what people found of a document, and is not disturbed by what they find."""

from dataclasses import replace

import pytest

from interlink.model.data.order import World
from interlink.model.data.packing import make_packing
from interlink.model.recipe import TrainRecipe
from interlink.model.training_data import TrainingStreams, make_samples
from interlink.pipeline.audit.plan import write_plan
from interlink.pipeline.audit.ratings.store import import_ratings
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.publish.audit import publish_audit
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import AuditPlan, Role
from interlink.schemas.errors import UsageError

NOT_BAD = {"column": "audit.num_bad", "op": "==", "value": 0}


@pytest.fixture
def publish(small_dataset, tmp_path):
    """Publishes an audit that finds the first clips of the training view bad: `publish(2)`."""

    def publish_it(num_bad: int) -> AuditPlan:
        folder = Store(str(tmp_path / "audit"))
        plan = draw_sample(small_dataset, AuditSettings(num_clips=8, view="train"))
        write_plan(folder, plan)
        plain = [item for item in plan.items if item.role is Role.PLAIN]
        rows = ["audit_id,item_id,rater,clip_verdict"]
        rows += [
            f"{plan.audit_id},{item.item_id},ann,{'bad' if number < num_bad else 'good'}"
            for number, item in enumerate(plain)
        ]
        path = tmp_path / "given.csv"
        path.write_text("\n".join(rows))
        import_ratings(folder, [str(path)])
        publish_audit(folder)
        return replace(plan, items=tuple(plain))

    return publish_it


def trained_on(samples) -> set[str]:
    return {
        document_id
        for _, _, table in samples.dataset.scan(["document_id"])
        for document_id in table["document_id"].to_pylist()
    }


def test_rules_leave_out_what_was_found_bad(plain_recipe, processor, publish):
    ruled = TrainRecipe.from_mapping(plain_recipe | {"rules": [NOT_BAD]})
    before = trained_on(make_samples(ruled, processor))
    bad = publish(2).items[:2]
    after = trained_on(make_samples(ruled, processor))
    assert before - after == {item.document_id for item in bad}
    assert after == trained_on(make_samples(ruled, processor)) < before
    whole = TrainRecipe.from_mapping(plain_recipe)
    assert trained_on(make_samples(whole, processor)) == before
    streams = TrainingStreams(ruled, processor, World())
    assert len(make_packing(streams.samples)) < len(make_packing(make_samples(whole, processor)))


def test_a_training_that_asks_nothing_goes_on_as_before(recipe, processor, publish):
    streams = TrainingStreams(recipe, processor, World())
    next(iter(streams))
    publish(2)
    for version in (1, None):
        later = TrainingStreams(recipe, processor, World(), version=version)
        later.load_state_dict(streams.state_dict())
        assert later.source["content_digest"] == streams.source["content_digest"]


def test_a_training_that_asks_goes_on_only_with_what_it_was_told(plain_recipe, processor, publish):
    ruled = TrainRecipe.from_mapping(plain_recipe | {"rules": [NOT_BAD]})
    publish(2)
    streams = TrainingStreams(ruled, processor, World())
    next(iter(streams))
    publish(3)
    assert streams.source["version"] == 2
    same = TrainingStreams(ruled, processor, World(), version=2)
    same.load_state_dict(streams.state_dict())
    with pytest.raises(UsageError, match="keep dataset version, view"):
        TrainingStreams(ruled, processor, World()).load_state_dict(streams.state_dict())


def test_a_column_that_is_misspelt_is_told(plain_recipe, processor):
    rule = {"column": "audit.num_worse", "op": ">", "value": 0}
    wrong = TrainRecipe.from_mapping(plain_recipe | {"rules": [rule]})
    with pytest.raises(UsageError, match=r"view 'train': no column 'audit.num_worse'"):
        TrainingStreams(wrong, processor, World())
