"""What holds for every format, and what is refused."""

import dataclasses
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.export import formats
from interlink.pipeline.audit.export.export import export_audit
from interlink.pipeline.audit.plan import read_plan, write_plan
from interlink.pipeline.audit.site.reader import open_site
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import AuditItem
from interlink.schemas.errors import UsageError

CAPTIONS = (("A dog.",), ("A dog.",), ("Two dogs. One sits.", "A cat."), ("A bird.",))
HIDDEN = {"role", "of_item", "change", "stratum", "pool", "inclusion_probability", "reason"}


def read_text(path: Path) -> str:
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return json.dumps(table.to_pylist(), default=repr) + str(table.schema.metadata)
    return path.read_bytes().decode("utf-8", "replace")


def test_no_export_tells_what_raters_must_not_know(make_audit, tmp_path):
    folder = make_audit(*CAPTIONS, media=True)
    assert {field.name for field in dataclasses.fields(AuditItem)} >= HIDDEN
    for one in export_audit(folder, list(formats.FORMATS), tmp_path / "out"):
        paths = [path for path in one.folder.rglob("*") if path.is_file()]
        assert len(paths) == one.num_files
        assert one.num_bytes == sum(path.stat().st_size for path in paths)
        told = "".join(read_text(path) for path in paths)
        assert "secret" not in told
        assert "0.123456789" not in told
        assert not [name for name in HIDDEN if f'"{name}"' in told or f",{name}," in told]
        assert not [word for word in ("perturbed", "estimation") if word in told]


def test_an_export_is_the_same_every_time(make_audit, tmp_path):
    folder = make_audit(*CAPTIONS, media=True)
    names = list(formats.FORMATS)
    for name in ("first", "second"):
        list(export_audit(folder, names, tmp_path / name))
    first = {p.relative_to(tmp_path / "first"): p for p in (tmp_path / "first").rglob("*.*")}
    assert len(first) > 10
    for path, file in first.items():
        assert file.read_bytes() == (tmp_path / "second" / path).read_bytes(), path


def test_a_folder_that_may_be_filled_in_is_never_written_over(make_audit, tmp_path):
    folder = make_audit(*CAPTIONS)
    list(export_audit(folder, ["csv"], tmp_path))
    sheet = tmp_path / "csv/rating_sheet.csv"
    sheet.write_text("filled in")
    with pytest.raises(UsageError, match=r"csv is there already and may be filled in: remove it"):
        list(export_audit(folder, ["jsonl", "csv"], tmp_path))
    assert sheet.read_text() == "filled in"
    assert not (tmp_path / "jsonl").exists()


def test_an_export_that_fails_leaves_nothing(make_audit, tmp_path, monkeypatch):
    def fail(site, folder):
        (folder / "half").write_text("x")
        raise OSError("disk full")

    monkeypatch.setitem(formats.FORMATS, "csv", fail)
    with pytest.raises(OSError, match="disk full"):
        list(export_audit(make_audit(*CAPTIONS), ["csv"], tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_exported_is_refused(make_audit, tmp_path):
    folder = make_audit(*CAPTIONS)
    for names, what in ((["xlsx"], "'xlsx'"), ([], "nothing")):
        with pytest.raises(UsageError, match=f"--format {what} must be among jsonl, csv, parquet"):
            list(export_audit(folder, names, tmp_path))
    with pytest.raises(UsageError, match="there is no audit at"):
        list(export_audit(tmp_path / "none", ["csv"], tmp_path))


def test_a_site_of_another_sample_is_refused(make_audit):
    folder = make_audit(*CAPTIONS)
    plan = read_plan(Store(str(folder)))
    assert [item.item_id for item in open_site(folder, plan).items()] == [
        item.item_id for item in plan.items
    ]
    data = folder / "site/data/audit.js"
    text = data.read_text()
    for other, message in (
        (text.replace(plan.audit_id, "0" * 32), "is not the review site of this sample"),
        (text.replace('"format":1', '"format":9'), "has format 9, this version of interlink reads"),
        (text[:-40], "is damaged"),
        (None, "there is no review site at"),
    ):
        data.unlink() if other is None else data.write_text(other)
        with pytest.raises(UsageError, match=message):
            open_site(folder, plan)


def test_a_site_of_a_smaller_sample_is_refused(make_audit):
    folder = make_audit(*CAPTIONS)
    plan = read_plan(Store(str(folder)))
    more = dataclasses.replace(plan.items[0], item_id="f" * 32, order=9)
    write_plan(Store(str(folder)), dataclasses.replace(plan, items=(*plan.items, more)))
    with pytest.raises(UsageError, match="is not the review site of this sample: run"):
        list(export_audit(folder, ["csv"], folder / "export"))
