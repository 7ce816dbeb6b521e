"""`interlink plan`: what would be done, and what is done."""

from pathlib import Path

import pytest


def rows(printed: str) -> dict[str, list[str]]:
    lines = [line.split() for line in printed.splitlines() if len(line.split()) > 1]
    return {cells[0]: cells for cells in lines if cells[1] in {"local", "beam", "ray"}}


WITHOUT_SCREEN_TEXT = "{backend: facts, read_screen_text: no}"
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
    assert "plan 001: 2 sources in 2 parts, new, not written yet" in printed
    for step, engine in TABLE.items():
        assert rows(printed)[step][1] == engine
        assert rows(printed)[step][3:] == ["·", "2", "·", "?", "?"]
    assert "not estimated, as no part of it is finished: fetch, scan, transcribe," in printed
    assert "next: interlink run recipe.yaml" in printed
    prose = ("not estimated", "next")
    assert all(len(line) <= 80 for line in printed.splitlines() if not line.startswith(prose))


def test_it_writes_nothing(interlink, recipe):
    interlink("plan recipe.yaml")
    assert not Path("run").exists()


def test_asked_to_it_writes_the_plans_once(interlink, recipe):
    _, printed = interlink("plan recipe.yaml --write")
    assert "plan 001: 2 sources in 2 parts, known" in printed
    before = Path("run/plans/001.parquet").read_bytes()
    _, printed = interlink("plan recipe.yaml --write")
    assert "plan 001: 2 sources in 2 parts, known" in printed
    assert Path("run/plans/001.parquet").read_bytes() == before


def test_new_sources_are_the_next_plan(interlink, recipe, make_video):
    interlink("plan recipe.yaml --write")
    make_video("c.mp4", shots=(0.5,))
    Path("videos.txt").write_text("c.mp4\na.mp4\nb.mp4\n")
    _, printed = interlink("plan recipe.yaml")
    assert "plan 001: 2 sources in 2 parts, known" in printed
    assert "plan 002: 1 source in 1 part, new" in printed


def test_an_edit_shows_what_it_undoes_and_why_and_a_run_then_does_only_that(interlink, recipe):
    assert interlink("run recipe.yaml --engine local --limit 1 --set restarts=0")[0] == 0
    edit = (
        "--limit=1",
        "--engine=local",
        "--set=restarts=0",
        "--set",
        f"caption.captioner={WITHOUT_SCREEN_TEXT}",
    )
    _, printed = interlink("plan recipe.yaml", *edit)
    assert rows(printed)["cut"][3:6] == ["1", "·", "·"]
    assert rows(printed)["caption"][3:6] == ["·", "·", "1"]
    assert "caption is done again: caption.captioner.read_screen_text: true -> false" in printed
    assert "assemble is done again: follows caption" in printed
    assert "reckoned from finished parts by bytes" in printed

    _, printed = interlink("run recipe.yaml", *edit)
    assert "4 of 6 parts were committed by an earlier run and not done again" in printed
    _, printed = interlink("plan recipe.yaml", *edit)
    assert "every part is done" in printed


def test_a_freed_plan_is_told_and_that_an_edit_cannot_do_it_again(interlink, recipe):
    one = "--limit 1 --engine local --set restarts=0 --set retain=none"
    assert interlink(f"run recipe.yaml {one}")[0] == 0
    _, printed = interlink(f"plan recipe.yaml {one}")
    assert "plan 001: 1 source in 1 part, known, published and freed" in printed
    assert "every part is done" in printed
    edit = ("--set", f"caption.captioner={WITHOUT_SCREEN_TEXT}")
    _, printed = interlink(f"plan recipe.yaml {one}", *edit)
    assert "plan 001 is freed: the files that its parts would be done again from" in printed
    assert interlink(f"run recipe.yaml {one}", *edit)[0] == 2


def test_more_sources_are_reckoned_from_those_that_are_done(interlink, recipe):
    interlink("run recipe.yaml --engine local --limit 1 --set restarts=0")
    _, printed = interlink("plan recipe.yaml --engine local")
    assert "plan 002: 1 source in 1 part, new, not written yet" in printed
    assert rows(printed)["scan"][3:6] == ["1", "1", "·"]
    assert "KiB" in rows(printed)["scan"]
    assert "reckoned from finished parts by sources" in printed


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
    found, printed = interlink("plan recipe.yaml --write")
    assert found == code, printed
    assert sentence in printed
    assert "Traceback" not in printed
