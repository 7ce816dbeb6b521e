"""`interlink run`: from a recipe to a dataset, with everything that a person wants to know."""

from pathlib import Path

import pytest


@pytest.fixture
def recipe(here, make_video) -> Path:
    make_video("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    (here / "b.mp4").write_bytes(b"no video")
    path = here / "recipe.yaml"
    path.write_text("sources: [a.mp4, b.mp4]\nrun: run\ndataset: out\n")
    return path


def test_it_prints_funnel_losses_places_and_what_is_next(interlink, recipe):
    code, printed = interlink("run recipe.yaml --engine local --set restarts=0")
    assert code == 0, printed
    for words in (
        "planned = kept + rejected + failed + deferred, at each stage",
        "1 source failed in scan: not_media",
        "each with its message: out/funnel/*.parquet",
        "run      run: plans, commits, stats.json",
        "dataset  out: 1 documents, version 1",
        "next: interlink inspect out",
    ):
        assert words in printed
    assert Path("out/_manifest/v000001.json").exists()

    code, printed = interlink("run recipe.yaml --engine local --set restarts=0")
    assert code == 0
    assert "12 of 12 parts were committed by an earlier run and not done again" in printed


def test_arguments_after_the_dashes_go_to_beam(interlink, recipe):
    one = "--set steps.fetch.engine=beam --set fetch.stall_timeout_s=9 --set restarts=0"
    code, printed = interlink(f"run recipe.yaml {one} -- --runner=NoSuchRunner")
    assert code == 2
    assert "Beam refuses its options ['--runner=NoSuchRunner']" in printed
    code, printed = interlink(f"run recipe.yaml {one} -- --s3_secret_access_key=CANARY")
    assert code == 2
    assert "what stands after --: beam.options[0] holds what looks like a key" in printed
    assert "CANARY" not in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run nowhere.yaml", "there is no recipe at nowhere.yaml; `interlink init` writes one"),
        ("run recipe.yaml --engine spark", "--engine spark must be one of local, beam, ray"),
        ("run recipe.yaml --set limit=0", "the recipe recipe.yaml: limit=0 must be >= 1"),
        ("run recipe.yaml --set limit", "--set 'limit' must be key=value"),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, recipe, line, sentence):
    code, printed = interlink(line)
    assert code == 2
    assert sentence in printed
    assert not Path("run").exists()
