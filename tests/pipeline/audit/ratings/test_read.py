import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.ratings import rows
from interlink.pipeline.audit.ratings.read import Ratings, read_ratings
from interlink.schemas.arrow import to_plain, to_table
from interlink.schemas.audit import (
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Rating,
    Verdict,
)
from interlink.schemas.errors import UsageError

AUDIT_ID, FIRST, SECOND = "a" * 32, f"{0:032x}", f"{1:032x}"


@pytest.fixture
def read(make_plan):
    """Reads files of ratings of two items, the second with two captions: `read(path, ...)`."""
    plan = make_plan(["A dog. A cat."], ["A dog.", "A cat. It sits."])

    def read(*paths: object, known: Sequence[Rating] = ()) -> Ratings:
        return read_ratings([str(path) for path in paths], plan, known)

    return read


def rating(**fields) -> Rating:
    given = {
        "audit_id": AUDIT_ID,
        "item_id": FIRST,
        "rater": "ann",
        "clip_verdict": ClipVerdict.GOOD,
    }
    return Rating(**(given | fields))


WRONG = ClaimVerdict(
    side="a",
    claim=1,
    verdict=Verdict.WRONG,
    error_types=(ErrorType.OBJECT, ErrorType.COUNT),
    severity=2,
)
FULL = rating(
    clip_verdict=ClipVerdict.FLAWED,
    claims=(ClaimVerdict(side="a", claim=0, verdict=Verdict.RIGHT), WRONG),
    note='=HYPERLINK("x") <script> \u202e, 👩‍👧 and\nmore',
    seconds=12.5,
    rated_at="2026-11-24T13:00:00.000Z",
)
OTHER = rating(item_id=SECOND, rater="bob", preferred="b")


def write_lines(path: Path, *lines: object) -> str:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


def write_csv(path: Path, *ratings: Rating) -> str:
    """Write one line for each claim, or one for a rating without claims, as our export does."""
    buffer = io.StringIO()
    names = [*to_plain(rating()), "side", "claim", "verdict", "error_types", "severity", "text"]
    writer = csv.DictWriter(buffer, [n for n in names if n != "claims"], lineterminator="\r\n")
    writer.writeheader()
    for one in ratings:
        plain = {k: v for k, v in to_plain(one).items() if k != "claims"}
        for claim in [to_plain(claim) for claim in one.claims] or [{}]:
            types = {"error_types": "|".join(claim.get("error_types", ()))}
            cells = {k: "" if v is None else v for k, v in (plain | claim | types).items()}
            safe = {k: f"'{v}" if str(v)[:1] in set("=+-@") else v for k, v in cells.items()}
            writer.writerow(safe | {"text": "A dog."})
    path.write_bytes(b"\xef\xbb\xbf" + buffer.getvalue().encode())
    return str(path)


@pytest.fixture
def write(tmp_path):
    def write(suffix: str, *ratings: Rating, name: str = "ratings") -> str:
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".csv":
            return write_csv(path, *ratings)
        if suffix == ".jsonl":
            return write_lines(path, *(to_plain(one) for one in ratings))
        pq.write_table(to_table(ratings, Rating), path)
        return str(path)

    return write


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_all_forms_give_the_same_ratings(read, write, suffix):
    found = read(write(suffix, FULL, OTHER))
    assert found.ratings == (FULL, OTHER)
    assert (found.num_read, found.num_new) == (2, 2)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_of_one_rater_and_item_the_latest_counts_whatever_the_order(read, write, suffix):
    late = rating(clip_verdict=ClipVerdict.BAD, rated_at="2026-11-24T15:30:00+02:00")
    for order in ((FULL, late, OTHER), (OTHER, late, FULL)):
        found = read(write(suffix, *order))
        assert found.ratings == (late, OTHER)
        assert (found.num_new, found.num_changed + found.num_replaced) == (2, 1)


def test_without_times_the_one_read_last_counts(read, write):
    first, second = rating(note="first"), rating(note="second")
    paths = [write(".jsonl", first, name="1"), write(".jsonl", second, name="2")]
    assert read(*paths).ratings == (second,)
    assert read(*paths[::-1]).ratings == (first,)
    found = read(*paths, *paths)
    assert (found.num_read, found.num_new, found.num_changed) == (4, 1, 3)


def test_what_was_read_is_counted_by_what_became_of_it(read, write):
    late = rating(clip_verdict=ClipVerdict.BAD, rated_at="2026-11-24T15:30:00+02:00")
    found = read(write(".jsonl", late, OTHER, FULL), known=[FULL, OTHER])
    assert found.ratings == (late, OTHER)
    counts = found.num_read, found.num_new, found.num_changed, found.num_unchanged
    assert (*counts, found.num_replaced) == (3, 0, 1, 1, 1)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_file_without_ratings_is_named(read, write, tmp_path, suffix):
    none = write(suffix, name="none")
    (tmp_path / "zero").with_suffix(suffix).write_bytes(b"\xef\xbb\xbf\n")
    found = read(write(".jsonl", FULL), none, tmp_path / f"zero{suffix}")
    assert found.ratings == (FULL,)
    assert found.empty == (none, str(tmp_path / f"zero{suffix}"))


def test_ratings_are_sorted_by_rater_and_the_items_order(read, write):
    second = rating(item_id=SECOND)
    found = read(write(".jsonl", OTHER, second, rating()))
    assert found.ratings == (rating(), second, OTHER)


def test_ratings_of_another_audit_or_version_are_refused(read, write):
    path = write(".jsonl", rating(), rating(audit_id="b" * 32))
    message = r"jsonl:2: it is of audit bbbbbbbbbbbb, not of aaaaaaaaaaaa, which was drawn from v"
    with pytest.raises(UsageError, match=message):
        read(path)


def test_problems_that_are_alike_are_told_once_for_each_file(read, write):
    others = [rating(audit_id="b" * 32, rater=f"r{n}") for n in range(30)]
    paths = [write(".jsonl", *others, name="1"), write(".csv", *others[:2], name="2")]
    with pytest.raises(UsageError) as caught:
        read(*paths)
    _, first, second = str(caught.value).splitlines()
    assert "1.jsonl:1: it is of audit bbbbbbbbbbbb" in first
    assert first.endswith("into the folder of their own audit (30 times in this file)")
    assert "2.csv:2: it is of audit" in second
    assert second.endswith("(2 times in this file)")


def plain(**fields) -> dict:
    return to_plain(rating()) | fields


def claim(**fields) -> dict:
    return plain(claims=[{"side": "a", "claim": 0, "verdict": "right"} | fields])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (plain(clip_verdict="great"), "clip_verdict='great' must be one of good, flawed, bad"),
        (plain(clip_verdict=None, note="x"), "clip_verdict is missing"),
        (plain(rater=" "), "rater=' ' must be a text that is not blank"),
        (plain(rater=3), "rater=3 must be a text"),
        (plain(rater="x" * 201), "rater has 201 characters, at most 200"),
        (plain(item_id="nope"), "item 'nope' is not in this audit"),
        (plain(seconds=-1), r"seconds=-1 must lie in \[0, 10000000\)"),
        (plain(seconds=float("nan")), "seconds=nan must lie in"),
        (plain(seconds=True), "seconds=True must be a number"),
        (plain(rated_at="yesterday"), "rated_at='yesterday' must be a time such as 2026"),
        (plain(preferred="c"), "preferred='c' must be one of a, b, same"),
        (plain(preferred="b"), "preferred='b', but the item has one caption"),
        (plain(claims={}), r"claims=\{\} must be a list"),
        (plain(claims=["a"]), r"claims\[0\]: 'a' must be an object"),
        (plain(verdict="x"), "unknown key 'verdict'; a rating has audit_id, claims"),
        (claim(verdict="Right"), "claim 0 of side 'a': verdict='Right' must be one of right, wr"),
        (claim(side="b"), "claim 0 of side 'b' does not exist: the item has one caption"),
        (claim(side="c"), "side='c' must be one of a, b"),
        (claim(claim=2), "claim 2 of side 'a' does not exist: it has 2, counted from 0"),
        (claim(claim=-1), "claim -1 of side 'a' does not exist"),
        (claim(claim="0"), "claim='0' must be a whole number"),
        (claim(severity=2), "error types and severity belong to 'wrong', not to 'right'"),
        (claim(verdict="wrong", severity=4), "severity=4 must be one of 1, 2, 3"),
        (claim(verdict="wrong", error_types=["colour"]), "error_types='colour' must be one of obj"),
        (claim(verdict="wrong", error_types="object"), "error_types='object' must be a list"),
        (plain(claims=claim()["claims"] * 2), "claim 0 of side 'a' is judged twice"),
        ([1, 2], "a line must hold one object"),
        ("{not json}", "no JSON: Expecting property name"),
        ("[" * 5000, "no JSON"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(read, tmp_path, line, message):
    path = write_lines(tmp_path / "r.jsonl", plain(), "", line, plain(rater="eve"))
    with pytest.raises(UsageError, match=rf"(?s)no rating was imported.*r\.jsonl:3: .*{message}"):
        read(path)


def test_a_half_written_last_line_is_told_as_such(read, tmp_path):
    path = tmp_path / "r.jsonl"
    text = json.dumps(plain()) + "\n" + json.dumps(plain(rater="eve"))
    path.write_text(text[:-30])
    with pytest.raises(UsageError, match=r"r.jsonl:2: the last line was cut off while it was wri"):
        read(path)
    path.write_text(text)
    assert len(read(path).ratings) == 2


def test_a_cut_off_parquet_or_csv_file_is_told(read, write, tmp_path):
    path = Path(write(".parquet", FULL))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UsageError, match=r"ratings.parquet: no Parquet, or cut off"):
        read(path)
    path = Path(write(".csv", FULL, OTHER))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UsageError, match=r"ratings.csv:\d+: the line has another number of cells"):
        read(path)


@pytest.mark.parametrize("column", ["note", "claims"])
def test_a_small_parquet_file_that_unpacks_to_millions_of_values_is_refused(read, tmp_path, column):
    if column == "note":
        values = pa.DictionaryArray.from_arrays(pa.array(np.zeros(11_000_000, np.int32)), ["x"])
    else:
        values = pa.ListArray.from_arrays([0, 11_000_000], np.zeros(11_000_000, np.int8))
    pq.write_table(pa.table({column: values}), tmp_path / "r.parquet", compression="zstd")
    assert (tmp_path / "r.parquet").stat().st_size < 100_000
    with pytest.raises(UsageError, match=r"r.parquet: unpacked it is far larger than ratings can"):
        read(tmp_path / "r.parquet")


def test_a_damaged_page_of_parquet_is_told(read, tmp_path):
    path = tmp_path / "r.parquet"
    note = np.random.default_rng(0).integers(32, 127, 9000, np.uint8).tobytes().decode()
    pq.write_table(to_table([rating(note=note)], Rating), path, compression="zstd")
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at - 3000 : at + 1000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"r.parquet: no Parquet, or cut off"):
        read(path)


def test_a_file_that_is_too_large_is_refused(read, write, monkeypatch):
    monkeypatch.setattr(rows, "_MAX_FILE_BYTES", 1 << 20)
    with pytest.raises(UsageError, match=r"ratings.jsonl is larger than 1 MiB; import it in parts"):
        read(write(".jsonl", *[rating(note="x" * 20_000)] * 60))


def test_errors_do_not_repeat_long_values(read, tmp_path):
    long = "x" * 100_000
    for line in (plain(claims=long), plain(claims=[long]), plain(clip_verdict=long), {long: 1}):
        with pytest.raises(UsageError) as caught:
            read(write_lines(tmp_path / "r.jsonl", line))
        assert len(str(caught.value)) < 1000


def test_csv_must_be_utf8_and_have_the_columns(read, tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"item_id,rater\nx,J\xfcrgen\n")
    with pytest.raises(UsageError, match=r"r.csv:2: not UTF-8; save the table as CSV UTF-8"):
        read(path)
    path.write_text("item_id:rater\nx:y\n")
    with pytest.raises(UsageError, match=r"r.csv:1: there is no column 'item_id'"):
        read(path)


def test_csv_lines_that_nobody_judged_are_skipped_and_conflicts_are_told(read, tmp_path):
    head = "audit_id,item_id,rater,clip_verdict,side,claim,verdict"
    start = f"{AUDIT_ID},{FIRST}"
    lines = [head, f"{start},ann,good,a,0,right", f"{start},ann,,a,1,", f"{start},eve,,a,0,"]
    path = write_lines(tmp_path / "r.csv", *lines)
    found = read(path)
    assert [(r.rater, len(r.claims)) for r in found.ratings] == [("ann", 1)]
    path = write_lines(tmp_path / "r.csv", *lines, f"{start},ann,bad,a,1,wrong")
    with pytest.raises(UsageError, match=r"r.csv:5: clip_verdict='bad' is 'good' in an earlier"):
        read(path)
    path = write_lines(tmp_path / "r.csv", head, f"{start},ann,good,a,one,right")
    with pytest.raises(UsageError, match=r"r.csv:2: claims\[0\]: claim='one' must be a whole num"):
        read(path)


@pytest.mark.parametrize(
    ("number", "cells", "message"),
    [
        (4, "a,1,fine", "claim 1 of side 'a': verdict='fine' must be one of right, wrong"),
        (4, "a,2,right", "claim 2 of side 'a' does not exist: it has 2, counted from 0"),
        (4, "a,0,right", "claim 0 of side 'a' is judged twice"),
        (3, ",,", "clip_verdict='fine' must be one of good"),
    ],
)
def test_a_mistake_in_csv_is_told_with_its_own_line(read, tmp_path, number, cells, message):
    start = f"{AUDIT_ID},{FIRST},ann"
    verdict = "fine" if cells == ",," else "good"
    path = write_lines(
        tmp_path / "r.csv",
        "audit_id,item_id,rater,clip_verdict,side,claim,verdict",
        f"{start},,a,0,right",
        f"{start},{verdict},,,",
        f"{start},,{cells}",
    )
    with pytest.raises(UsageError, match=rf"r.csv:{number}: {message}"):
        read(path)


def test_twenty_problems_are_told_and_the_rest_is_counted(read, tmp_path):
    path = write_lines(tmp_path / "r.jsonl", *[plain(seconds=f"{n}") for n in range(25)])
    with pytest.raises(UsageError, match=r"(?s)r.jsonl:20: .*and 5 more$"):
        read(path)


def test_hostile_texts_are_kept_but_for_what_cannot_be_stored(read, tmp_path):
    note = "<script>alert(1)</script>\x1b[31m\u202e=1+1"
    line = json.dumps(plain(note=note + "\x00\ud800"))
    found = read(write_lines(tmp_path / "r.jsonl", line))
    assert found.ratings[0].note == note + "\ufffd\ufffd"
    to_table(found.ratings, Rating)
    with pytest.raises(UsageError, match=r"note has 1000000 characters, at most 20000"):
        read(write_lines(tmp_path / "r.jsonl", plain(note="x" * 1_000_000)))


def test_errors_show_no_control_characters(read, tmp_path):
    line = plain(clip_verdict="\x1b[2J\u202e")
    with pytest.raises(UsageError) as caught:
        read(write_lines(tmp_path / "r.jsonl", line))
    assert not {"\x1b", "\u202e"} & set(str(caught.value))


def test_other_files_are_refused(read, tmp_path):
    with pytest.raises(UsageError, match=r"read from .jsonl, .csv, .parquet, .json, not '.xl"):
        read(tmp_path / "r.xlsx")
    with pytest.raises(UsageError, match=r"there is no file .*none.jsonl"):
        read(tmp_path / "none.jsonl")
    (tmp_path / "site.jsonl").mkdir()
    for folder in (tmp_path, f"{tmp_path}/", tmp_path / "site.jsonl", ".."):
        with pytest.raises(UsageError, match=r"is a folder: name the files in it, such as rat"):
            read(folder)


def test_a_table_of_other_columns_is_refused(read, tmp_path):
    columns = {"item_id": [FIRST] * 9, "rater": ["ann"] * 9, "clip_verdict": ["bad"] * 9}
    pq.write_table(pa.table(columns | {"num_wrong": [1] * 9}), tmp_path / "r.parquet")
    with pytest.raises(UsageError, match=r"r.parquet: there is no column 'claims': it is no tab"):
        read(tmp_path / "r.parquet")
