"""`interlink retry`: what is planned again, what is left out, and what to do next."""

from pathlib import Path

import pytest
from interlink_toy_chains import ToyChain
from interlink_toys import source, sources

from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.parts.plan import plan_sources
from interlink.pipeline.storage.store import Store


@pytest.fixture
def run(here) -> ToyChain:
    given = sources({"a": "unreachable", "b": "unreachable", "c": "fail", "d": "defer"}, keep=1)
    made = ToyChain(here / "run", [*given, source("m", say="nothing", times="2")])
    made.go()
    return made


def planned(run: ToyChain, plan: int) -> list[str]:
    return sorted(source.source_id for source in plan_sources(run.store, plan))


def test_it_plans_what_may_pass_and_says_what_it_left_out(interlink, run):
    code, printed = interlink("retry run")
    assert code == 0, printed
    assert "plan 002: 2 sources again" in printed
    assert "lost before with dns 2" in printed
    assert "left out: 2 records with model_error 1, not_media 1; --codes takes" in printed
    assert "left out: 1 record not to be tried before 2" in printed
    assert printed.endswith("next: interlink run RECIPE\n")
    assert planned(run, 2) == ["a", "b"]


def test_asked_again_it_plans_nothing(interlink, run):
    interlink("retry run")
    code, printed = interlink("retry run")
    assert code == 0
    assert printed.startswith("nothing to try again in run\n")
    assert not Path("run/plans/003.parquet").exists()


def test_a_recipe_stands_for_its_run_and_is_named_for_the_next_command(interlink, run):
    Path("recipe.yaml").write_text("sources: x.txt\nrun: run\n")
    _, printed = interlink("retry recipe.yaml")
    assert printed.endswith("next: interlink run recipe.yaml\n")


def test_codes_fates_clips_and_time_may_be_asked_for(interlink, run):
    interlink("retry run --codes not_media")
    assert planned(run, 2) == ["c"]
    interlink("retry run --disposition deferred --now")
    assert planned(run, 3) == ["d"]
    _, printed = interlink("retry run --codes model_error")
    assert "left out: 1 clip with model_error 1; --clips takes their sources, whole" in printed
    interlink("retry run --codes model_error --clips")
    assert planned(run, 4) == ["m"]


def test_status_and_failures_then_count_each_source_once(interlink, run):
    interlink("retry run")
    _, printed = interlink("status run")
    assert "retried: 2 sources stand in a later plan, and count there alone" in printed
    assert interlink("failures run --code dns")[1] == "nothing failed in run with dns\n"


def test_a_mended_source_comes_through_and_everything_counts_it_once(interlink, here, make_video):
    make_video("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    (here / "b.mp4").write_bytes(b"no video")
    captioner = "{backend: facts, read_screen_text: no}"
    recipe = f"sources: [a.mp4, b.mp4]\nrun: run\ndataset: out\ncaption: {{captioner: {captioner}}}"
    Path("recipe.yaml").write_text(f"{recipe}\nrestarts: 0\n")
    assert interlink("run recipe.yaml --engine local")[0] == 0
    assert read_manifest(Store("out")).num_documents == 1

    make_video("b.mp4", shots=(2.2,), size=(64, 48), fps=10, seed=1)
    assert "plan 002: 1 source again" in interlink("retry recipe.yaml --codes not_media")[1]
    _, printed = interlink("run recipe.yaml --engine local")
    assert "dataset  out: 2 documents, version 2" in printed
    assert "not kept" not in printed
    assert "nothing failed" in interlink("failures recipe.yaml")[1]
    _, printed = interlink("run recipe.yaml --engine local")
    assert "dataset  out: 2 documents, version 2" in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("retry run --disposition lost", "--disposition lost must be one of failed, deferred"),
        ("retry nowhere", "there is no plan in nowhere"),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, run, line, sentence):
    code, printed = interlink(line)
    assert code == 2
    assert sentence in printed
