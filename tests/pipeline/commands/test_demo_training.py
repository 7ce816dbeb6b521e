"""The training of the demo, made short: it shows, says where, and begins anew on other shards."""

import io
import shutil

import pytest
from rich.console import Console

from interlink.examples import lesson_story
from interlink.pipeline.commands import demo_training
from interlink.pipeline.commands.train_recipe import load_train_recipe
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import run_recipe
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def train_on(finished, tmp_path, monkeypatch):
    """Trains for some steps on the shards of a finished run; returns what was printed."""
    shutil.copytree(finished / "demo", tmp_path / "demo")
    places = {"run": str(tmp_path / "demo/run"), "dataset": str(tmp_path / "demo/dataset")}
    sources = [str(path) for path in sorted(finished.glob("*.mp4"))]
    recipe = make_recipe({"sources": sources} | places)
    report = run_recipe(recipe, engine="local")
    small = lesson_story.Lesson(num_train=12, num_eval=4)
    monkeypatch.setattr(lesson_story, "Lesson", lambda: small)

    def train(tokens=2500):
        short = [f"optimizer.tokens={tokens}", "optimizer.warmup_tokens=800"]
        monkeypatch.setattr(
            demo_training,
            "load_train_recipe",
            lambda name, s: load_train_recipe(name, [*s, *short]),
        )
        printed = io.StringIO()
        console = Console(file=printed, width=100)
        assert demo_training.train_on(console, recipe, report, tmp_path / "demo")
        return printed.getvalue()

    return train


@pytest.mark.slow
def test_it_shows_what_was_learned_and_where_it_lies(train_on, tmp_path, capsys):
    printed = train_on()
    folder = demo_training.trained_model(tmp_path / "demo")
    assert "17 documents in" in printed
    assert "vision gain, nats per token" in printed
    assert printed.count("truth  ") == printed.count("COSMO  ") == 3
    for name in ("curves.png", "captions.png", "metrics.jsonl"):
        assert (folder / name).stat().st_size > 0
        assert name in printed.replace("\n", "")
    first = (folder / "metrics.jsonl").read_text()
    assert '"caption"' in first  # of the run's own shard
    train_on()
    assert (folder / "metrics.jsonl").read_text() == first
    train_on(tokens=1600)
    assert len((folder / "metrics.jsonl").read_text()) < len(first)


def test_only_what_a_demo_has_marked_is_deleted(tmp_path):
    own, made = tmp_path / "own", tmp_path / "made"
    own.mkdir()
    for _ in range(2):
        demo_training._clear(own, "key")
    assert own.is_dir()
    assert list(own.iterdir()) == []
    demo_training._clear(made, "key")
    (made / "metrics.jsonl").touch()
    demo_training._clear(made, "key")
    assert (made / "metrics.jsonl").exists()
    demo_training._clear(made, "other key")
    assert [path.name for path in made.iterdir()] == ["trained_on.txt"]


def test_without_torch_the_demo_ends_well(tmp_path, monkeypatch):
    def missing():
        raise EnvironmentFault("models need torch: pip install 'interlink[train]'")

    monkeypatch.setattr(demo_training, "require_torch", missing)
    printed = io.StringIO()
    console = Console(file=printed)
    assert not demo_training.train_on(console, None, None, tmp_path)
    assert "not trained: models need torch" in printed.getvalue()
