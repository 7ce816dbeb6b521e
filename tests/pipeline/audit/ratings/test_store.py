import json

import pytest

from interlink.pipeline.audit.plan import write_plan
from interlink.pipeline.audit.ratings.store import import_ratings, stored_ratings
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError


@pytest.fixture
def plan(audited):
    return draw_sample(audited.write(audited.documents(3)), AuditSettings(num_clips=6))


@pytest.fixture
def folder(tmp_path, plan) -> Store:
    store = Store(str(tmp_path / "audit"))
    write_plan(store, plan)
    return store


@pytest.fixture
def rate(tmp_path, plan):
    def rate(name: str, rater: str, numbers: range, verdict: str = "good") -> str:
        rows = [
            {
                "audit_id": plan.audit_id,
                "item_id": plan.items[n].item_id,
                "rater": rater,
                "clip_verdict": verdict,
            }
            for n in numbers
        ]
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)

    return rate


def test_imports_add_up_and_later_ones_replace(folder, plan, rate):
    assert stored_ratings(folder, plan) == ()
    first = import_ratings(folder, [rate("1.jsonl", "ann", range(4))])
    assert stored_ratings(folder, plan) == first.ratings
    more = import_ratings(folder, [rate("2.jsonl", "ann", range(2, 6), "bad")])
    assert (len(more.ratings), more.num_new, more.num_changed) == (6, 2, 2)
    import_ratings(folder, [rate("3.jsonl", "bob", range(1))])
    stored = stored_ratings(folder, plan)
    assert [(r.rater, r.clip_verdict) for r in stored] == [
        *[("ann", "good")] * 2,
        *[("ann", "bad")] * 4,
        ("bob", "good"),
    ]


def test_the_same_file_may_be_imported_again(folder, plan, rate):
    path = rate("1.jsonl", "ann", range(4))
    before = import_ratings(folder, [path]).ratings
    again = import_ratings(folder, [path])
    assert (again.ratings, again.num_unchanged, again.num_changed) == (before, 4, 0)


def test_files_without_any_rating_are_told_and_change_nothing(folder, plan, rate):
    before = import_ratings(folder, [rate("1.jsonl", "ann", range(4))]).ratings
    none, not_judged = rate("none.jsonl", "bob", range(0)), rate("2.jsonl", "bob", range(1), "")
    with pytest.raises(UsageError) as caught:
        import_ratings(folder, [none, not_judged])
    assert str(caught.value).splitlines() == [
        "no rating was imported:",
        f"  {none} has no ratings",
        f"  {not_judged} has no ratings",
        "  left out 1: not judged",
    ]
    assert stored_ratings(folder, plan) == before
    assert import_ratings(folder, [none, rate("3.jsonl", "bob", range(1))]).empty == (none,)


def test_nothing_changes_where_one_file_has_a_mistake(folder, plan, rate):
    good = rate("1.jsonl", "ann", range(4))
    import_ratings(folder, [good])
    more, bad = rate("2.jsonl", "bob", range(4)), rate("3.jsonl", "eve", range(4), "fine")
    with pytest.raises(UsageError, match=r"3.jsonl:1: clip_verdict='fine' must be one of"):
        import_ratings(folder, [more, bad])
    assert {rating.rater for rating in stored_ratings(folder, plan)} == {"ann"}


def test_ratings_of_a_smaller_sample_count_in_a_larger_one(audited, folder, plan, rate):
    import_ratings(folder, [rate("1.jsonl", "ann", range(6))])
    larger = draw_sample(plan.dataset_url, AuditSettings(num_clips=9))
    write_plan(folder, larger)
    assert len(stored_ratings(folder, larger)) == 6
