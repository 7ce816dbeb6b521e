"""What raters found becomes part of the dataset, and changes nothing else about it."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import interlink
from interlink.pipeline.audit.plan import check_dataset, read_plan, write_plan
from interlink.pipeline.audit.ratings.store import import_ratings
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import manifest_path, read_manifest
from interlink.pipeline.publish.audit import publish_audit
from interlink.pipeline.publish.findings import read_reports
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import to_plain
from interlink.schemas.audit import AuditItem, ClaimVerdict, ClipVerdict, Rating, Role, Verdict
from interlink.schemas.errors import UsageError
from interlink.schemas.view import Rule, View


@pytest.fixture
def url(audited) -> str:
    return audited.write(audited.documents(6, clips=3))


@pytest.fixture
def draw(tmp_path, url):
    """Draws an audit into a folder: `draw("audit", num=5)`."""

    def draw_it(name: str = "audit", num: int = 9, **fields) -> Store:
        folder = Store(str(tmp_path / name))
        write_plan(folder, draw_sample(url, AuditSettings(num_clips=num, **fields)))
        return folder

    return draw_it


def judged(item: AuditItem, rater: str, verdict: str = "good", **fields) -> Rating:
    """Return a rating whose claims are wrong unless the clip is good."""
    is_good = verdict == "good"
    claims = tuple(
        ClaimVerdict(
            side=text.side,
            claim=claim.number,
            verdict=Verdict.RIGHT if is_good else Verdict.WRONG,
            severity=None if is_good else fields.get("severity"),
        )
        for text in item.texts
        for claim in text.claims
    )
    return Rating(
        audit_id="",
        item_id=item.item_id,
        rater=rater,
        clip_verdict=ClipVerdict(verdict),
        claims=claims,
    )


def rate(folder: Store, *ratings: Rating) -> None:
    path = Path(folder.url) / "given.jsonl"
    audit_id = read_plan(folder).audit_id
    rows = [to_plain(replace(rating, audit_id=audit_id)) for rating in ratings]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_ratings(folder, [str(path)])


def plain(folder: Store) -> list[AuditItem]:
    return [item for item in read_plan(folder).items if item.role is Role.PLAIN]


def rows_of(url: str, path: str) -> list[dict]:
    with Store(url).open(path) as file:
        return pq.read_table(file).to_pylist()


def chosen(url: str, *rules: tuple) -> set[str]:
    view = View(name="v", rules=tuple(Rule(column=c, op=o, value=v) for c, o, v in rules))
    found = {document.document_id for document in read_documents(url, view)}
    assert {d.document_id for d in interlink.open(url, view).documents()} == found
    return found


def test_a_new_version_names_what_was_found_and_has_the_same_content(url, draw):
    folder = draw()
    rate(folder, *(judged(item, "ann") for item in plain(folder)))
    before = read_manifest(Store(url))
    done = publish_audit(folder)
    (audit,) = done.manifest.audits
    assert done.is_new
    assert (done.manifest.version, done.manifest.parents) == (2, (1,))
    assert done.manifest.content_digest == before.content_digest
    assert audit.audit_id == read_plan(folder).audit_id
    assert (audit.num_ratings, audit.num_clips) == (9, 9)
    (report,) = read_reports(Store(url), done.manifest)
    assert (report.num_rated, report.num_raters, report.dataset_url) == (9, 1, ".")
    assert "| version | 2," in Store(url).read("README.md").decode()


def test_rows_are_what_each_rater_said_without_repeats_and_planted_errors(url, draw):
    folder = draw(repeat_share=0.5, perturbed_share=0.5)
    items = read_plan(folder).items
    assert {item.role for item in items} > {Role.REPEAT}
    rate(
        folder,
        *(judged(item, "ann") for item in items),
        judged(plain(folder)[0], "bob", "bad", severity=3),
    )
    audit = publish_audit(folder).audit
    rows = rows_of(url, audit.ratings_path)
    assert {row["item_id"] for row in rows} == {item.item_id for item in plain(folder)}
    (bob,) = (row for row in rows if row["rater"] == "bob")
    item = plain(folder)[0]
    assert bob["clip_id"] == item.clip_id
    assert bob["inclusion_probability"] == item.inclusion_probability
    assert (bob["num_right"], bob["num_wrong"], bob["max_severity"]) == (0, 1, 3)
    assert bob["models"] == [text.model for text in item.texts]
    by_id = {d.document_id: d.content_sha256 for d in read_documents(url)}
    assert all(row["content_sha256"] == by_id[row["document_id"]] for row in rows)


def test_of_several_raters_the_majority_counts_and_of_a_tie_the_worse(url, draw):
    folder = draw(num=3)
    one, two, three = plain(folder)
    rate(
        folder,
        judged(one, "ann"), judged(one, "bob"), judged(one, "cid", "bad", severity=3),
        judged(two, "ann", "flawed", severity=1), judged(two, "bob", "bad", severity=2),
        judged(three, "ann", "flawed", severity=2), judged(three, "bob"),
    )  # fmt: skip
    rows = {row["clip_id"]: row for row in rows_of(url, publish_audit(folder).audit.clips_path)}
    found = [
        [rows[item.clip_id][name] for name in ("clip_verdict", "num_wrong", "max_severity")]
        for item in (one, two, three)
    ]
    assert found == [["good", 0, 0], ["bad", 1, 2], ["flawed", 1, 2]]
    assert [rows[item.clip_id]["num_raters"] for item in (one, two, three)] == [3, 2, 2]


def test_a_wrong_claim_counts_though_the_others_of_its_clip_have_no_verdict(url, draw, audited):
    first, *others = audited.read(url)
    audited.write([audited.with_texts(first, *[[{"text": "A dog. A cat. A cow."}]] * 3), *others])
    folder = draw(num=18, repeat_share=0.0)
    item = next(one for one in plain(folder) if one.document_id == first.document_id)
    whole = judged(item, "ann", "flawed", severity=2)
    rate(folder, replace(whole, claims=whole.claims[1:2]))
    published = publish_audit(folder).audit
    (row,) = rows_of(url, published.clips_path)
    assert (row["num_right"], row["num_wrong"], row["max_severity"]) == (0, 1, 2)
    assert chosen(url, ("audit.num_wrong", ">", 0)) == {first.document_id}
    (report,) = read_reports(Store(url), read_manifest(Store(url)))
    assert (report.num_rated, report.rates[0].num_items) == (1, 0)  # no share is made of it


def test_views_choose_by_what_was_found_and_keep_what_nobody_judged(url, draw):
    folder = draw(num=4, repeat_share=0.0)
    first, *others = plain(folder)
    rate(folder, judged(first, "ann", "bad", severity=3), *(judged(o, "ann") for o in others))
    everything = {document.document_id for document in read_documents(url)}
    assert chosen(url, ("audit.num_clips", ">", 0)) == set()
    publish_audit(folder)
    seen = {item.document_id for item in plain(folder)}
    assert chosen(url, ("audit.num_clips", ">", 0)) == seen < everything
    assert chosen(url, ("audit.max_severity", "<", 3)) == everything - {first.document_id}
    assert chosen(url, ("audit.num_bad", ">=", 1)) == {first.document_id}
    train = ("split", "==", "train"), ("audit.num_wrong", "==", 0)
    assert chosen(url, *train) == everything - {first.document_id}
    assert len(list(read_documents(url, version=1))) == 6


def test_publishing_the_same_again_changes_no_byte(url, draw):
    folder = draw()
    rate(folder, *(judged(item, "ann") for item in plain(folder)))
    first = publish_audit(folder)
    before = {p: p.read_bytes() for p in Path(url).rglob("*") if p.is_file()}
    again = publish_audit(folder)
    assert not again.is_new
    assert again.manifest == first.manifest
    assert {p: p.read_bytes() for p in Path(url).rglob("*") if p.is_file()} == before


def test_more_ratings_take_the_place_of_what_was_there_and_its_files_stay(url, draw):
    folder = draw()
    rate(folder, judged(plain(folder)[0], "ann"))
    first = publish_audit(folder)
    rate(folder, *(judged(item, "bob", "bad") for item in plain(folder)))
    second = publish_audit(folder)
    assert second.manifest.version == first.manifest.version + 1
    assert [audit.num_ratings for audit in second.manifest.audits] == [10]
    assert Store(url).exists(first.audit.clips_path)
    assert read_manifest(Store(url), first.manifest.version) == first.manifest


def test_a_folder_that_lacks_published_ratings_is_refused_until_it_has_them(url, draw):
    one, other = draw("one"), draw("other")
    rate(one, *(judged(item, "ann") for item in plain(one)))
    rate(other, *(judged(item, "b\x1bo\u202eb") for item in plain(other)[:2]))
    first = publish_audit(one)
    before = {p: p.read_bytes() for p in Path(url).rglob("*") if p.is_file()}
    command = f"interlink audit import {other.url} OTHER_FOLDER/ratings/ratings.parquet"
    with pytest.raises(UsageError, match=r"lacks 9 of 9 published .* \(9 by 'ann'\)") as caught:
        publish_audit(other)
    assert command in str(caught.value)
    assert {p: p.read_bytes() for p in Path(url).rglob("*") if p.is_file()} == before
    import_ratings(other, [f"{one.url}/ratings/ratings.parquet"])
    second = publish_audit(other)
    assert (first.num_added, second.num_added, second.audit.num_ratings) == (9, 2, 11)
    with pytest.raises(UsageError, match=r"one lacks 2 of 11 published") as caught:
        publish_audit(one)
    assert not {"\x1b", "\u202e"} & set(str(caught.value))


def test_what_nobody_judged_is_not_published(url, draw):
    folder = draw(repeat_share=0.5)
    with pytest.raises(UsageError, match=r"nobody has judged a clip of .* yet: open its page"):
        publish_audit(folder)
    repeat = next(item for item in read_plan(folder).items if item.role is Role.REPEAT)
    rate(folder, judged(repeat, "ann"))
    with pytest.raises(UsageError, match="nobody has judged"):
        publish_audit(folder)
    assert read_manifest(Store(url)).version == 1


def test_a_dataset_with_other_content_is_refused(url, draw, audited):
    folder = draw()
    rate(folder, judged(plain(folder)[0], "ann"))
    audited.write(audited.documents(7))
    with pytest.raises(UsageError, match=r"drawn from version 1 .* not from version 2"):
        publish_audit(folder)


def test_a_dataset_that_was_moved_is_named(url, draw, tmp_path):
    folder = draw()
    rate(folder, judged(plain(folder)[0], "ann"))
    Path(url).rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="there is no dataset at"):
        publish_audit(folder)
    moved = publish_audit(folder, str(tmp_path / "moved"))
    assert len(read_manifest(Store(str(tmp_path / "moved"))).audits) == 1
    assert moved.dataset_url == str(tmp_path / "moved")


def test_plans_and_ratings_stay_valid_on_the_version_with_their_results(url, draw):
    folder = draw()
    rate(folder, judged(plain(folder)[0], "ann"))
    newest = publish_audit(folder).manifest
    check_dataset(read_plan(folder), newest)
    larger = draw_sample(url, AuditSettings(num_clips=12))
    assert larger.dataset_version == newest.version
    assert larger.audit_id == read_plan(folder).audit_id
    write_plan(folder, larger)
    rate(folder, judged(plain(folder)[-1], "bob"))
    assert publish_audit(folder).audit.num_clips == 2


def test_audits_that_are_published_at_once_are_all_in_the_newest_version(url, draw):
    folders = [draw(f"audit-{seed}", seed=seed) for seed in range(4)]
    for folder in folders:
        rate(folder, judged(plain(folder)[0], "ann"))
    start = threading.Barrier(len(folders))

    def publish(folder: Store) -> None:
        start.wait()
        publish_audit(folder)

    threads = [threading.Thread(target=publish, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = read_manifest(Store(url))
    ids = sorted(read_plan(folder).audit_id for folder in folders)
    assert newest.version == 1 + len(folders)
    assert [audit.audit_id for audit in newest.audits] == ids
    assert f"| version | {newest.version}," in Store(url).read("README.md").decode()


def test_a_later_run_keeps_audits_and_documents_made_anew_count_as_not_judged(url, draw, audited):
    folder = draw(num=18, repeat_share=0.0)
    rate(folder, *(judged(item, "ann") for item in plain(folder)))
    published = publish_audit(folder).manifest.audits
    first, *others = audited.read(url)
    texts = [[{"text": "A caption by another model."}]] * 3
    audited.write([audited.with_texts(first, *texts), *others])
    newest = read_manifest(Store(url))
    assert newest.version == 3
    assert newest.audits == published
    judged_still = {document.document_id for document in others}
    assert chosen(url, ("audit.num_clips", ">", 0)) == judged_still


def test_a_manifest_from_before_there_were_audits_can_be_published_on(url, draw):
    path = Path(url) / manifest_path(1)
    row = json.loads(path.read_text())
    del row["audits"]
    path.write_text(json.dumps(row))
    folder = draw()
    rate(folder, judged(plain(folder)[0], "ann"))
    assert publish_audit(folder).manifest.version == 2


def test_a_sample_of_a_view_that_asks_what_was_found_is_another_audit_afterwards(url, draw):
    path = Path(url) / manifest_path(1)
    row = json.loads(path.read_text())
    rules = [{"column": "audit.num_clips", "op": "==", "value": 0}]
    row["views"].append({"name": "unseen", "rules": rules})
    path.write_text(json.dumps(row))
    folder = draw(num=2)
    settings = AuditSettings(num_clips=12, view="unseen")
    before = draw_sample(url, settings)
    rate(folder, *(judged(item, "ann") for item in plain(folder)))
    publish_audit(folder)
    after = draw_sample(url, settings)
    judged_documents = {item.document_id for item in plain(folder)}
    assert {item.document_id for item in before.items} & judged_documents
    assert not {item.document_id for item in after.items} & judged_documents
    assert before.audit_id != after.audit_id
    assert before.content_digest == after.content_digest
