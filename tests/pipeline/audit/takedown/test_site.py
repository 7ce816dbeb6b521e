"""A review site without items that are gone."""

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.audit.takedown.rows import Items
from interlink.pipeline.audit.takedown.site import clean_site
from interlink.pipeline.storage.store import Store
from interlink.schemas.denied import Denied


def test_items_that_are_there_no_more_are_not_shown_and_others_are_as_before(judged):
    plan, site = read_plan(Store(str(judged.folder))), judged.folder / "site"
    left = [item.item_id for item in plan.items[1:]]
    items = Items(audit_id=plan.audit_id, item_ids=frozenset(left))
    before = {p.name: p.read_bytes() for p in site.iterdir() if p.is_file()}
    assert clean_site(site, items, Denied())
    assert not clean_site(site, items, Denied())
    shown = (site / "data" / "items-0000.js").read_text()
    assert plan.items[0].item_id not in shown
    assert all(name in shown for name in left)
    assert {p.name: p.read_bytes() for p in site.iterdir() if p.is_file()} == before


def test_a_data_file_that_is_needed_no_more_goes(judged, monkeypatch):
    plan, site = read_plan(Store(str(judged.folder))), judged.folder / "site"
    (site / "data" / "items-0001.js").write_text('interlinkAudit("items-0001",[]);\n')
    items = Items(audit_id=plan.audit_id, item_ids=frozenset({plan.items[0].item_id}))
    clean_site(site, items, Denied())
    assert [p.name for p in sorted((site / "data").iterdir())] == ["audit.js", "items-0000.js"]


def test_where_there_is_no_site_nothing_has_to_go(tmp_path):
    assert not clean_site(tmp_path, Items(audit_id="a", item_ids=frozenset()), Denied())
