import csv
from pathlib import Path

import pytest

from interlink.examples.make_videos import file_names, main, make_video, make_videos
from interlink.examples.narration import require_flite
from interlink.examples.truth import read_truth
from interlink.schemas.errors import EnvironmentFault

VIDEOS = Path(__file__).parents[2] / "examples" / "videos"


def sources(folder: Path) -> list[dict[str, str]]:
    with (folder / "sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def has_flite() -> bool:
    try:
        require_flite()
    except EnvironmentFault:
        return False
    return True


needs_flite = pytest.mark.skipif(not has_flite(), reason="no `ffmpeg` with flite on this machine")


@needs_flite
@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_with_truth_and_manifest_beside_them(tmp_path):
    (truth,) = make_videos([36], tmp_path / "out")
    make_video(36, tmp_path / "again.mp4")
    made = tmp_path / "out" / "build_a_small_tower.mp4"
    assert made.read_bytes() == (tmp_path / "again.mp4").read_bytes()
    assert read_truth(made.with_suffix(".json")) == truth
    assert sources(tmp_path / "out")[0]["uri"] == truth.file == made.name
    # The committed one may come from other versions of the libraries: equal in all but a bit.
    committed = read_truth(VIDEOS / made.name.replace(".mp4", ".json"))
    assert truth.speech() == committed.speech()
    assert truth.duration_us == pytest.approx(committed.duration_us, abs=1_000_000)


def test_videos_are_named_by_title_and_by_seed_where_a_title_comes_again():
    names = ["build_a_small_tower.mp4", "build_a_small_tower_47.mp4", "set_the_table.mp4"]
    assert file_names([36, 47, 15]) == names


def test_the_committed_manifest_names_each_video_with_its_title_and_license():
    rows = sources(VIDEOS)
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
