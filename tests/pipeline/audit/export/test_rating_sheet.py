"""Sheets are written, filled in as people do it, and imported: the ratings are the same."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.cells import marked
from interlink.pipeline.audit.export.export import export_audit
from interlink.pipeline.audit.ratings.read import read_ratings
from interlink.schemas.arrow import to_plain
from interlink.schemas.errors import UsageError


@pytest.fixture
def sheets(judged, tmp_path):
    """The sheets of an audit by format, the plan, and the ratings to fill in."""
    folder, plan, ratings = judged
    done = export_audit(folder, ("jsonl", "csv", "parquet"), tmp_path / "out")
    paths = {one.name: next(one.folder.glob("rating_sheet.*")) for one in done}
    return paths, plan, ratings


def by_item(ratings):
    return {rating.item_id: to_plain(rating) for rating in ratings}


def fill_in(row, rating):
    """Fill the row of an item in, claim by claim, as far as it was judged."""
    said = {(claim["side"], claim["claim"]): claim for claim in rating["claims"]}
    claims = [claim | said.get((claim["side"], claim["claim"]), {}) for claim in row["claims"]]
    own = {name: value for name, value in rating.items() if name != "claims"}
    return row | own | {"claims": claims}


def check(path, plan, ratings):
    found = read_ratings([str(path)], plan)
    assert found.ratings == ratings
    assert dict(found.left_out) == {"not judged": 1}


def test_a_sheet_of_json_lines_comes_back(sheets):
    paths, plan, ratings = sheets
    said = by_item(ratings)
    rows = [json.loads(line) for line in paths["jsonl"].read_text("utf-8").split("\n") if line]
    assert [row["item_id"] for row in rows] == [item.item_id for item in plan.items]
    rows = [fill_in(row, said[row["item_id"]]) if row["item_id"] in said else row for row in rows]
    paths["jsonl"].write_text("".join(json.dumps(row) + "\n" for row in rows))
    check(paths["jsonl"], plan, ratings)


def test_json_lines_keep_every_text_and_hide_no_character(sheets):
    paths, plan, _ = sheets
    lines = paths["jsonl"].read_text("utf-8").splitlines()
    assert len(lines) == len(plan.items)
    assert all(line.isprintable() for line in lines)
    captions = [json.loads(line)["caption_a"] for line in lines]
    assert captions == [item.texts[0].text for item in plan.items]


def test_a_sheet_of_parquet_comes_back_through_pandas_and_arrow(sheets):
    paths, plan, ratings = sheets
    said = by_item(ratings)
    table = pq.read_table(paths["parquet"])
    rows = [fill_in(r, said.get(r["item_id"], {"claims": []})) for r in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), paths["parquet"])
    check(paths["parquet"], plan, ratings)
    frame = pd.read_parquet(paths["parquet"])
    frame["rater"] = frame["rater"].replace({"Ann, M.": "Bob"})
    frame.to_parquet(paths["parquet"])
    found = read_ratings([str(paths["parquet"])], plan)
    assert [r.claims for r in found.ratings] == [r.claims for r in ratings]
    assert {r.rater for r in found.ratings} == {"Bob"}


def csv_rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def fill_in_csv(rows, ratings, *, mark=marked):
    """Fill in what belongs to an item on its first line, and each claim on its own."""
    said, seen = by_item(ratings), set()
    for row in rows:
        rating = said.get(row["item_id"])
        if rating is None:
            continue
        row |= {name: rating[name] for name in ("rater", "rated_at")}
        if row["item_id"] not in seen:
            own = {name: rating[name] or "" for name in ("clip_verdict", "preferred", "seconds")}
            row |= own | {"note": mark(rating["note"])}
        seen.add(row["item_id"])
        for claim in rating["claims"]:
            if (claim["side"], str(claim["claim"])) == (row["side"], row["claim"]):
                row["verdict"] = claim["verdict"]
                row["error_types"] = " | ".join(claim["error_types"])
                row["severity"] = claim["severity"] or ""
    return rows


def write_csv(path: Path, rows, *, encoding="utf-8-sig", **dialect):
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]), **dialect)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))


@pytest.mark.parametrize(
    ("encoding", "dialect"),
    [
        ("utf-8-sig", {"delimiter": ",", "lineterminator": "\r\n"}),
        ("utf-8-sig", {"delimiter": ";", "lineterminator": "\r\n"}),
        ("utf-8", {"delimiter": ";", "lineterminator": "\n", "quoting": csv.QUOTE_ALL}),
        ("utf-8", {"delimiter": "\t", "lineterminator": "\n"}),
    ],
)
def test_a_sheet_of_csv_comes_back_however_a_spreadsheet_writes_it(sheets, encoding, dialect):
    paths, plan, ratings = sheets
    write_csv(
        paths["csv"], fill_in_csv(csv_rows(paths["csv"]), ratings), encoding=encoding, **dialect
    )
    check(paths["csv"], plan, ratings)


def test_a_sheet_of_csv_comes_back_through_pandas(sheets):
    paths, plan, ratings = sheets
    frame = pd.read_csv(paths["csv"])
    rows = fill_in_csv(frame.astype(object).where(frame.notna(), "").to_dict("records"), ratings)
    for row in rows:  # pandas compares numbers with numbers
        row["claim"] = str(row["claim"])
    rows = fill_in_csv(rows, ratings)
    filled = pd.DataFrame(rows).replace("", None)
    filled["severity"] = filled["severity"].astype(float)
    filled["claim"] = filled["claim"].astype(float)
    filled.to_csv(paths["csv"])
    assert ",2.0," in paths["csv"].read_text("utf-8")
    check(paths["csv"], plan, ratings)


def test_no_cell_of_csv_can_be_run(sheets):
    paths, _, _ = sheets
    starts = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
    text = paths["csv"].read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert len(max(cells, key=len)) == 32_000
    assert not [cell for cell in cells if cell.startswith(starts)]
    assert "\0" not in text
    # Where a locale divides cells by semicolons, quotes after a comma hold nothing together.
    pieces = text.replace("\t", ";").split(";")[1:]
    assert len(pieces) > 5
    assert not [piece for piece in pieces if piece.lstrip(' "').startswith(starts)]


def test_a_name_that_is_written_once_stands_for_the_file(sheets):
    paths, plan, ratings = sheets
    rows = fill_in_csv(csv_rows(paths["csv"]), ratings)
    for row in rows[1:]:
        row["rater"] = ""
    write_csv(paths["csv"], rows)
    check(paths["csv"], plan, ratings)
    rows[-1] |= {"rater": "Bob", "clip_verdict": "good"}
    write_csv(paths["csv"], rows)
    with pytest.raises(UsageError, match=r"rating_sheet.csv:\d+: rater is missing"):
        read_ratings([str(paths["csv"])], plan)


def test_half_of_a_verdict_is_told_with_its_line(sheets):
    paths, plan, ratings = sheets
    for change, message in (
        ({"severity": "2", "verdict": ""}, "csv:2: claim 0 of side 'a': verdict is missing"),
        ({"severity": "1.5"}, "csv:2: claim 0 of side 'a': severity=1.5 must be a whole"),
        ({"clip_verdict": "", "verdict": "right"}, "csv:2: clip_verdict is missing"),
        ({"verdict": "Wrong"}, "verdict='Wrong' must be one of right, wrong, cannot_tell"),
    ):
        rows = fill_in_csv(csv_rows(paths["csv"]), ratings)
        path = paths["csv"].with_name("changed.csv")
        write_csv(path, [rows[0] | change, *rows[1:]])
        with pytest.raises(UsageError, match=message):
            read_ratings([str(path)], plan)


def test_the_guide_beside_a_sheet_has_the_words_that_are_filled_in(sheets):
    paths, _, _ = sheets
    for path in paths.values():
        guide = path.with_name("README.md").read_text("utf-8")
        assert all(f"`{word}`" in guide for word in ("cannot_tell", "temporal_order", "3", "bad"))
    assert "`|`" in paths["csv"].with_name("README.md").read_text("utf-8")
