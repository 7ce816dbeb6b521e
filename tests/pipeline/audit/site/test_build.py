import dataclasses
import json

import pytest
from interlink_toy_disks import KB, small_disk

from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.audit.site.build import build_site
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import AuditItem, AuditPlan, AuditText, Claim, Pool, Role
from interlink.schemas.errors import UsageError
from interlink.schemas.text import Evidence, TextKind


def make_plan(url):
    """Return a plan of the second clip of each document, in the reverse order of the dataset."""
    manifest = read_manifest(Store(url))
    documents = list(read_documents(url))
    items = [
        AuditItem(
            item_id=f"i{number}",
            order=len(documents) - 1 - number,
            clip_id=document.clips[1].clip_id,
            document_id=document.document_id,
            video_id=document.video_id,
            group="g",
            stratum="all",
            pool=Pool.ESTIMATION,
            texts=(
                AuditText(
                    side="a",
                    kind=TextKind.CAPTION,
                    text="A square.",
                    model="m",
                    revision="r",
                    claims=(Claim(number=0, text="A square."),),
                ),
            ),
        )
        for number, document in enumerate(documents)
    ]
    return AuditPlan(
        audit_id="a1",
        dataset_url=url,
        dataset_version=manifest.version,
        content_digest=manifest.content_digest,
        view=None,
        seed=1,
        strata=(),
        score=None,
        kinds=(TextKind.CAPTION,),
        sizes=(),
        items=tuple(items),
    )


@pytest.fixture
def plan(audited):
    return make_plan(audited.write(audited.documents(2), audited.documents(4)[2:]))


def test_a_site_has_every_item_in_the_order_of_judging_with_its_sheet(plan, tmp_path):
    report = build_site(plan, tmp_path / "site")
    assert report.index == tmp_path / "site/index.html"
    assert (report.num_items, report.num_clips, report.num_playable) == (4, 4, 0)
    assert report.num_bytes > report.max_media_bytes == 0
    assert report.cpu_s_per_clip > 0
    text = (tmp_path / "site/data/audit.js").read_text()
    rows = json.loads(text[text.index("{") : text.rindex("}") + 1])["rows"]
    expected = sorted(plan.items, key=lambda item: item.order)
    assert [row["item_id"] for row in rows] == [item.item_id for item in expected]
    for row, item in zip(rows, expected, strict=True):
        assert row["sheet"]["src"] == f"sheets/{item.clip_id}.jpg"
        assert (tmp_path / "site" / row["sheet"]["src"]).stat().st_size > 0
        assert row["has_media"] is False


@pytest.fixture
def drawn(audited):
    """The plan of an audit in which half of the clips come again with a planted error."""
    fact = Evidence(kind="object", ref='{"color":"red","shape":"circle","num":3}')
    text = {"text": "A red circle.", "model": "facts", "evidence": (fact,)}
    documents = [audited.with_texts(d, *[[text]] * 3) for d in audited.documents(4)]
    settings = AuditSettings(num_clips=12, repeat_share=0.3, perturbed_share=0.5)
    return draw_sample(audited.write(documents), settings)


def shown(folder, name):
    text = (folder / "data" / f"{name}.js").read_text()
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def differences(one, other, path=""):
    """Return the paths at which two values of JSON differ, keys in their order included."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        return {p for key in one for p in differences(one[key], other[key], f"{path}.{key}")}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = zip(one, other, strict=True)
        return {p for a, b in pairs for p in differences(a, b, f"{path}[]")}
    return set() if one == other and type(one) is type(other) else {path}


def test_an_item_that_comes_again_differs_by_its_id_and_a_planted_error_alone(drawn, tmp_path):
    build_site(drawn, tmp_path / "site")
    items = {item["item_id"]: item for item in shown(tmp_path / "site", "items-0000")}
    rows = {row["item_id"]: row for row in shown(tmp_path / "site", "audit")["rows"]}
    caption = {".texts[].text", ".texts[].claims[].text", ".texts[].facts[].value"}
    lengths = {".texts[].claims", ".texts[].facts"}
    again = [item for item in drawn.items if item.of_item]
    assert {item.role for item in again} == {Role.REPEAT, Role.PERTURBED}
    for item in again:
        found = differences(items[item.item_id], items[item.of_item])
        listed = differences(rows[item.item_id], rows[item.of_item])
        if item.role is Role.REPEAT:
            assert found == listed == {".item_id"}
        elif item.change.before:
            assert found == {".item_id", *caption}
            assert listed == {".item_id", ".excerpt"}
        else:
            assert {".item_id", ".texts[].text"} <= found <= {".item_id", *caption, *lengths}
            assert listed == {".item_id", ".excerpt", ".num_claims"}
    assert {bool(item.change.before) for item in again if item.change} == {True, False}


def test_a_site_stays_whole_where_there_is_no_space_for_the_next(drawn, tmp_path):
    def files():
        return {path: path.read_bytes() for path in disk.path.rglob("*") if path.is_file()}

    with small_disk(tmp_path / "disk", "4m") as disk:
        site = disk.path / "site"
        build_site(dataclasses.replace(drawn, items=drawn.items[:3]), site)
        ballast = disk.fill(free_bytes=20 * KB)
        before = files()
        with pytest.raises(OSError, match="No space left on device"):
            build_site(drawn, site)
        assert files() == before
        ballast.unlink()
        assert build_site(drawn, site).num_items == len(drawn.items)
        assert [path.name for path in disk.path.iterdir()] == ["site"]


def test_a_dataset_that_changed_since_is_refused(plan, tmp_path):
    other = dataclasses.replace(plan, content_digest="0" * 32)
    with pytest.raises(UsageError, match="draw it again"):
        build_site(other, tmp_path / "site")


def test_items_that_are_not_in_the_dataset_are_an_error(plan, tmp_path):
    stray = dataclasses.replace(plan.items[0], document_id="0" * 32)
    with pytest.raises(UsageError, match="1 items are not in the dataset, such as i0"):
        build_site(dataclasses.replace(plan, items=(stray, *plan.items[1:])), tmp_path / "site")
