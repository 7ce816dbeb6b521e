import dataclasses
import json

import pytest

from interlink.pipeline.audit.site_build import build_site
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.store import Store
from interlink.schemas.audit import AuditItem, AuditPlan, AuditText, Claim, Pool
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind


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


def test_a_dataset_that_changed_since_is_refused(plan, tmp_path):
    other = dataclasses.replace(plan, content_digest="0" * 32)
    with pytest.raises(UsageError, match="draw it again"):
        build_site(other, tmp_path / "site")


def test_items_that_are_not_in_the_dataset_are_an_error(plan, tmp_path):
    stray = dataclasses.replace(plan.items[0], document_id="0" * 32)
    with pytest.raises(UsageError, match="1 items are not in the dataset, such as i0"):
        build_site(dataclasses.replace(plan, items=(stray, *plan.items[1:])), tmp_path / "site")
