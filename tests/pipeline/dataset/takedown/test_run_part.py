"""A committed part without what was taken down: its commit is true; again changes nothing."""

import hashlib
from collections import Counter

import pytest

from interlink.pipeline.dataset.dry_store import DryStore
from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.takedown.run_part import clean_part
from interlink.pipeline.parts.commit import KEPT_NAME, read_commit
from interlink.pipeline.parts.kept import read_kept, read_outcomes
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import Clip
from interlink.schemas.denied import Denied
from interlink.schemas.document import Document
from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.schemas.video import Video


def of_video(published, name: str) -> Denied:
    document = published.documents[name]
    return Denied(
        sources=frozenset({document.source.source_id}), videos=frozenset({document.video_id})
    )


def of_clip(published, name: str, number: int) -> Denied:
    document = published.documents[name]
    clip = document.clips[number]
    span = (clip.start_us, clip.end_us)
    return Denied(clips=frozenset({clip.clip_id}), spans={document.video_id: (span,)})


def part_of(published, name: str) -> str:
    [part] = [
        commit.part
        for commit in published.reports[-1].commits
        for document in read_kept(published.run, [commit], Document)
        if document.video_id == published.documents[name].video_id
    ]
    return part


@pytest.fixture
def clean(published):
    """Cleans the part of video `a` in all steps: `clean(denied)` returns changes by step."""
    part = part_of(published, "a")

    def clean_all(denied: Denied, store: Store = published.run, **options):
        changes = {}
        for name, folder in zip(
            ("fetch", "cut", "assemble"), current_folders(published.run), strict=True
        ):
            commit = read_commit(store, folder, part)
            changes[name] = clean_part(store, folder, commit, denied, **options)
        return changes

    clean_all.part = part
    return clean_all


def commits(published, part: str) -> dict:
    names = ("fetch", "cut", "assemble")
    folders = current_folders(published.run)
    return {n: read_commit(published.run, f, part) for n, f in zip(names, folders, strict=True)}


def check_digests(published) -> None:
    for folder in current_folders(published.run):
        for part in published.run.names(folder):
            for file in read_commit(published.run, folder, part).files:
                data = published.run.read(file.path)
                assert (len(data), hashlib.sha256(data).hexdigest()) == (
                    file.num_bytes,
                    file.sha256,
                )


def test_all_records_of_a_video_go_and_the_numbers_still_add_up(published, clean):
    changes = clean(of_video(published, "a"))
    after = commits(published, clean.part)
    assert {name: commit.num_kept for name, commit in after.items()} == {
        "fetch": 0,
        "cut": 0,
        "assemble": 0,
    }
    fetch, cut, assemble = (after[name].stages for name in ("fetch", "cut", "assemble"))
    assert (fetch[0].planned, fetch[0].rejected, fetch[0].outputs) == (1, 1, 0)
    assert [stage.planned for stage in (*cut, *assemble)] == [0, 0, 0]
    assert changes["assemble"].num_media == 2
    assert [file.path.rsplit("/", 1)[-1] for file in after["assemble"].files] == [
        "kept.parquet",
        "outcomes.parquet",
    ]
    check_digests(published)
    for commit, kind in zip(after.values(), (Video, Clip, Document), strict=True):
        assert list(read_kept(published.run, [commit], kind)) == []


def test_doing_it_again_changes_nothing(published, clean):
    clean(of_video(published, "a"))
    before = published.files
    assert clean(of_video(published, "a")) == dict.fromkeys(("fetch", "cut", "assemble"))
    assert published.files == before


def test_other_parts_are_not_touched(published, clean):
    before = published.files
    clean(of_video(published, "a"))
    after = published.files
    assert {p for p in after if after[p] != before.get(p)} <= {
        path for path in after if f"/{clean.part}/" in path
    }


def test_a_clip_alone_goes_and_its_video_stays(published, clean):
    gone = published.documents["a"].clips[0]
    clean(of_clip(published, "a", 0))
    after = commits(published, clean.part)
    assert after["fetch"].num_kept == 1
    assert after["cut"].num_kept == 1
    [document] = read_kept(published.run, [after["assemble"]], Document)
    assert gone.clip_id not in {clip.clip_id for clip in document.clips}
    outcomes = list(read_outcomes(published.run, [after["cut"]]))
    fates = Counter((one.stage, one.disposition.value, one.code) for one in outcomes)
    assert fates["filters", "rejected", "taken_down"] == 1
    assert after["assemble"].stages[0].outputs == 1
    check_digests(published)


@pytest.mark.parametrize("killed_at", range(1, 9))
def test_whoever_is_interrupted_does_it_again_and_comes_to_the_same_end(
    published, clean, monkeypatch, killed_at
):
    class Killed(BaseException):
        """As good as a kill: nobody catches it."""

    count = 0

    def deadly(change):
        def changed(*args, **named):
            nonlocal count
            count += 1
            if count == killed_at:
                raise Killed
            return change(*args, **named)

        return changed

    denied = of_video(published, "a")
    with monkeypatch.context() as patched:
        for name in ("put", "put_file", "remove"):
            patched.setattr(Store, name, deadly(getattr(Store, name)))
        with pytest.raises(Killed):
            clean(denied)
    clean(denied)
    check_digests(published)
    assert commits(published, clean.part)["assemble"].num_kept == 0
    assert clean(denied) == dict.fromkeys(("fetch", "cut", "assemble"))


def test_to_a_dry_store_it_only_says_what_it_would_do(published, clean):
    before, dry = published.files, DryStore(published.run.url)
    clean(of_video(published, "a"), dry)
    assert published.files == before
    assert {place.rsplit("/", 1)[-1] for place in dry.places} == {
        "kept.parquet",
        "outcomes.parquet",
        "media.parquet",
        "_done.json",
    }
    clean(of_video(published, "a"))
    again = DryStore(published.run.url)
    clean(of_video(published, "a"), again)
    assert again.places == []


def test_files_that_were_freed_are_not_missed(published, clean):
    folders = current_folders(published.run)
    for path in [f.path for f in commits(published, clean.part)["assemble"].files]:
        if not path.endswith("outcomes.parquet"):
            published.run.remove(path)
    with pytest.raises(EnvironmentFault, match="cannot look into part"):
        clean(of_video(published, "a"))
    changes = clean(of_video(published, "a"), is_freed=True)
    assert changes["assemble"].num_records == 0
    after = read_commit(published.run, folders[-1], clean.part)
    assert (after.num_kept, after.stages[0].planned) == (0, 0)


def test_damage_is_not_taken_for_a_takedown(published, clean):
    kept = commits(published, clean.part)["cut"].file(KEPT_NAME)
    data = bytearray(published.run.read(kept.path))
    data[len(data) // 2] ^= 1
    published.run.put(kept.path, bytes(data))
    with pytest.raises(EnvironmentFault, match=r"cannot look into part .*interlink fsck"):
        clean(of_video(published, "b"))


def test_records_that_nobody_knows_are_refused(tmp_path):
    from interlink_toy_runs import ToyRun
    from interlink_toys import Act, sources

    from interlink.pipeline.engines.local import LocalEngine
    from interlink.pipeline.step import Stage

    toy = ToyRun(tmp_path / "toy", sources({}, keep=1))
    runner = toy.runner(Stage(name="act", transform=Act()))
    [commit] = toy.go(LocalEngine(), runner).commits
    with pytest.raises(UsageError, match="keeps neither videos nor clips nor documents"):
        clean_part(toy.store, runner.folder, commit, Denied(videos=frozenset({"v"})))
