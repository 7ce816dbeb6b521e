import csv
from pathlib import Path

import pytest

from interlink.examples.make_videos import main, make_video, make_videos
from interlink.examples.narration import require_flite
from interlink.examples.truth import read_truth
from interlink.schemas.errors import EnvironmentFault

VIDEOS = Path(__file__).parents[2] / "examples" / "videos"


def has_flite() -> bool:
    try:
        require_flite()
    except EnvironmentFault:
        return False
    return True


needs_flite = pytest.mark.skipif(not has_flite(), reason="no `ffmpeg` with flite on this machine")


@needs_flite
@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_the_truth_beside_them(tmp_path):
    truth = make_video(36, tmp_path / "a.mp4")
    make_video(36, tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert read_truth(tmp_path / "a.json") == truth
    committed = read_truth(VIDEOS / "build_a_small_tower.json")
    assert [s.screen_text for s in truth.scenes] == [s.screen_text for s in committed.scenes]


@needs_flite
@pytest.mark.slow
def test_videos_are_named_by_title_and_by_seed_where_a_title_comes_twice(tmp_path):
    truths = make_videos([36, 47], tmp_path / "out")
    assert [t.file for t in truths] == ["build_a_small_tower.mp4", "build_a_small_tower_47.mp4"]
    with (tmp_path / "out" / "sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["uri"] for row in rows] == [truth.file for truth in truths]
    assert {row["license"] for row in rows} == {"CC0-1.0"}


def test_the_committed_manifest_names_each_video_with_its_title_and_license():
    with (VIDEOS / "sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["uri"] for row in rows) == sorted(p.name for p in VIDEOS.glob("*.mp4"))
    for row in rows:
        truth = read_truth((VIDEOS / row["uri"]).with_suffix(".json"))
        assert (row["title"], row["license"], row["language"]) == (truth.title, "CC0-1.0", "en")
    assert len({row["group"] for row in rows}) == len(rows)


def test_a_machine_that_cannot_speak_is_told_so_with_exit_code_3(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--out", str(tmp_path / "out"), "--seeds", "1"]) == 3
    assert "apt-get install ffmpeg" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_seeds_that_are_no_numbers_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path), "--seeds", "one"])
    assert "'one' must be whole numbers" in capsys.readouterr().err
