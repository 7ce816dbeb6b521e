"""`interlink plan`: what would be done, and what is done."""

from pathlib import Path

import pytest

TABLE = {"fetch": "beam", "scan": "beam", "transcribe": "ray", "cut": "beam", "caption": "ray"}


@pytest.fixture
def recipe(here, make_video) -> Path:
    for name in ("a.mp4", "b.mp4"):
        make_video(name, shots=(0.5,))
    Path("videos.txt").write_text("a.mp4\nb.mp4\n")
    Path("recipe.yaml").write_text("sources: videos.txt\nrun: run\n")
    return Path("recipe.yaml")


def test_it_shows_sources_parts_and_what_is_to_do(interlink, recipe):
    code, printed = interlink("plan recipe.yaml")
    assert code == 0
    assert "plan 001: 2 sources in 2 parts, new" in printed
    rows = {line.split()[0]: line.split() for line in printed.splitlines() if line.strip()}
    for step, engine in TABLE.items():
        assert rows[step][1] == engine
        assert rows[step][3:5] == ["0", "2"]
    assert "next: interlink run recipe.yaml" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())


def test_planning_again_changes_nothing(interlink, recipe):
    interlink("plan recipe.yaml")
    before = Path("run/plans/001.parquet").read_bytes()
    _, printed = interlink("plan recipe.yaml")
    assert "plan 001: 2 sources in 2 parts, known" in printed
    assert Path("run/plans/001.parquet").read_bytes() == before


def test_new_sources_are_the_next_plan(interlink, recipe, make_video):
    interlink("plan recipe.yaml")
    make_video("c.mp4", shots=(0.5,))
    Path("videos.txt").write_text("c.mp4\na.mp4\nb.mp4\n")
    _, printed = interlink("plan recipe.yaml")
    assert "plan 001: 2 sources in 2 parts, known" in printed
    assert "plan 002: 1 sources in 1 parts, new" in printed


def test_what_is_done_is_counted_and_an_edit_undoes_later_steps(interlink, recipe):
    assert interlink("run recipe.yaml --engine local --limit 1 --set restarts=0")[0] == 0
    edit = "caption.captioner={backend: facts, read_screen_text: no}"
    _, printed = interlink("plan recipe.yaml --limit 1 --set", edit)
    rows = {line.split()[0]: line.split() for line in printed.splitlines() if line.strip()}
    assert rows["cut"][3:5] == ["1", "0"]
    assert rows["caption"][3:5] == ["0", "1"]


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("sources: nowhere.txt", 2, "there is no file or folder nowhere.txt"),
        ("sources: empty.txt", 2, "empty.txt names nothing"),
        ("sources: broken.parquet", 2, "cannot read broken.parquet as Parquet"),
        ("sources: recipe.yaml", 2, "is neither a manifest (.txt, .csv"),
        ("sources: videos.txt\nrun: file.txt/run", 3, "cannot write"),
        ("sources: videos.txt\nrun: foo://x", 3, "cannot open the store 'foo://x'"),
        (
            "sources: videos.txt\ncaption: {captioner: {backend: transformers, model: no/one}}",
            3,
            "the transformers model 'no/one' was not found",
        ),
        (
            "sources: videos.txt\ntranscribe: {recognizer: {model: ./nowhere}}",
            2,
            "nowhere does not hold a faster-whisper model",
        ),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, recipe, text, code, sentence, monkeypatch):
    Path("empty.txt").touch()
    Path("file.txt").touch()
    Path("broken.parquet").write_bytes(b"no Parquet")
    recipe.write_text(text)
    found, printed = interlink("plan recipe.yaml")
    assert found == code, printed
    assert sentence in printed
    assert "Traceback" not in printed
