"""The windows of a dataset: computed once, kept by their digest."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from interlink.model.data import packing as packing_file
from interlink.model.data.dataset import open_dataset
from interlink.model.data.packing import NothingFits, make_packing
from interlink.model.data.policy import TextPolicy, TextWeight
from interlink.model.data.windows import Budgets
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.text import TextKind

GIVEN, CAPTION, SPEECH = "given", "caption", "speech"


@pytest.fixture
def document(make_documents):
    return make_documents("a")[0]


def test_windows_name_the_document_and_its_clips(
    write_dataset, make_documents, make_samples, tmp_path
):
    url = write_dataset(make_documents("a", "b"), make_documents("c"))
    packing = make_packing(make_samples(url), tmp_path)
    assert len(packing) == 3
    assert packing.place(2)[0] == 1
    assert packing.window(0).clips == (0, 1, 2)
    assert packing.media.tolist() == [3, 3, 3]
    videos = [document.video_id for document in open_dataset(url).documents()]
    assert packing.video.tolist() == [int(video[:15], 16) for video in videos]


def test_a_packing_is_computed_once(write_dataset, document, make_samples, tmp_path, monkeypatch):
    samples = make_samples(write_dataset([document]))
    first = make_packing(samples, tmp_path)
    monkeypatch.setattr(packing_file, "write_windows", None)
    again = make_packing(samples, tmp_path)
    assert again.digest == first.digest
    assert again.counts == first.counts
    assert [path.suffix for path in tmp_path.glob(f"{first.digest}*")] == [".parquet"]


def test_two_that_compute_it_write_the_same_bytes(write_dataset, document, make_samples, tmp_path):
    samples = make_samples(write_dataset([document]))
    files = []
    for name in ("a", "b"):
        make_packing(samples, tmp_path / name)
        files.append((tmp_path / name / f"{samples.packing_digest}.parquet").read_bytes())
    assert files[0] == files[1]


def break_by_cutting(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def break_by_emptying(path: Path) -> None:
    path.write_bytes(b"")


def break_by_dropping_the_counts(path: Path) -> None:
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)


def break_by_dropping_a_column(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["video"]), path)


@pytest.mark.parametrize(
    "damage",
    [
        break_by_cutting,
        break_by_emptying,
        break_by_dropping_the_counts,
        break_by_dropping_a_column,
    ],
)
def test_a_damaged_packing_is_computed_again(
    write_dataset, document, make_samples, tmp_path, damage, caplog
):
    samples = make_samples(write_dataset([document]))
    first = make_packing(samples, tmp_path)
    path = tmp_path / f"{first.digest}.parquet"
    whole = path.read_bytes()
    damage(path)
    assert make_packing(samples, tmp_path).counts == first.counts
    assert path.read_bytes() == whole
    assert f"the packing {path} is damaged" in caplog.text


def test_a_packing_may_be_read_by_others(write_dataset, document, make_samples, tmp_path):
    before = os.umask(0o022)
    try:
        packing = make_packing(make_samples(write_dataset([document])), tmp_path / "cache")
    finally:
        os.umask(before)
    path = tmp_path / "cache" / f"{packing.digest}.parquet"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_nothing_behind(write_dataset, document, make_samples, tmp_path):
    samples = make_samples(write_dataset([document]))
    (Path(samples.dataset.url) / samples.dataset.shards[0].docs_path).unlink()
    with pytest.raises(EnvironmentFault, match="which its manifest"):
        make_packing(samples, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(write_dataset, document, make_samples, tmp_path):
    (tmp_path / "file").touch()
    samples = make_samples(write_dataset([document]))
    with pytest.raises(EnvironmentFault, match=r"cannot write to .*; name another .* XDG_CACHE"):
        make_packing(samples, tmp_path / "file" / "cache")


def test_windows_of_some_videos_can_be_left_out(
    write_dataset, make_documents, make_samples, tmp_path
):
    url = write_dataset(make_documents("a", "b"), make_documents("c", clips=6))
    every = make_packing(make_samples(url, budgets=Budgets(tokens=64, media=9)), tmp_path)
    kept = every.without_videos(every.video[2:3])
    numbers = np.flatnonzero(every.video != every.video[2])
    assert 0 < len(kept) == len(numbers) < len(every)
    for number, original in enumerate(numbers.tolist()):
        assert kept.window(number) == every.window(original)
        assert kept.place(number) == every.place(original)
    assert kept.media.tolist() == every.media[numbers].tolist()
    assert (every.num_documents, kept.num_documents) == (3, 2)
    assert kept.digest != every.digest
    assert every.without_videos(np.array([], np.int64)) is every
    assert len(every.without_videos(every.video)) == 0


def test_what_decides_on_windows_changes_the_digest(write_dataset, document, make_samples, helpers):
    samples = make_samples(write_dataset([document]))
    other_text = helpers.with_texts(document, [(GIVEN, "red")], [], [])
    others = [
        make_samples(write_dataset([other_text], name="other")),
        make_samples(samples.dataset.url, "train"),
        dataclasses.replace(samples, policy=TextPolicy(speech="off")),
        dataclasses.replace(samples, budgets=Budgets(tokens=99, media=6)),
        dataclasses.replace(samples, form="pairs"),
        dataclasses.replace(samples, faithful=True),
    ]
    digests = {one.packing_digest for one in [samples, *others]}
    assert len(digests) == 7
    assert dataclasses.replace(samples, size_px=99).packing_digest == samples.packing_digest


def test_where_nothing_can_be_trained_it_says_why(
    write_dataset, document, make_samples, tmp_path, helpers
):
    url = write_dataset([document])

    def refused(match, view=None, **fields):
        with pytest.raises(NothingFits, match=match):
            make_packing(make_samples(url, view, **fields), tmp_path)

    refused(r"view 'eval' of .* has no document", "eval")
    refused(
        r"no text of kind given or narrative; it has caption \(3\), speech \(3\)",
        policy=TextPolicy(kinds=("given", "narrative")),
    )
    refused(
        "no document of .* fits: of 3 clips, 3 take more than tokens=8, 0 have no frames",
        budgets=Budgets(tokens=8, media=1),
    )
    refused(
        "the rest have no text that the policy trains on",
        policy=TextPolicy(loss_weights={TextKind.CAPTION: 0}),
    )
    refused(
        r"no clip of .* fits: .* the rest have no text of what is seen, which a pair needs",
        policy=TextPolicy(weights=(TextWeight(weight=0),)),
        form="pairs",
    )
