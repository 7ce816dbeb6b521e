"""Reading recipes: defaults, settings, places, and the resolved recipe."""

import copy
from pathlib import Path

import pytest
import yaml

from interlink.pipeline.recipes.recipe import Recipe, load_recipe, make_recipe
from interlink.schemas.errors import UsageError
from interlink.transforms.captions.transformers_vlm import TransformersCaptioner
from interlink.transforms.filters import ScoreRule

RICH = {
    "sources": ["a.mp4", "https://example.org/b.mp4"],
    "run": "runs/ä",
    "fetch": {"allowed_licenses": ["CC0-1.0"]},
    "transcribe": {"recognizer": {"language": "en"}},
    "filters": {"rules": [{"score": "motion", "minimum": 1}]},
    "caption": {"captioner": {"backend": "transformers", "model": "owner/model"}},
    "steps": {"caption": {"workers": 1, "gpus": 1}},
    "beam": {"options": ["--streaming"]},
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_needs_sources_alone():
    recipe = make_recipe({"sources": "videos.txt"})
    assert recipe.dataset_url == "runs/default/dataset"
    assert recipe.steps.transcribe.engine == "ray"


def test_sections_become_transforms():
    recipe = make_recipe(RICH)
    assert recipe.filters.rules == (ScoreRule(score="motion", minimum=1.0),)
    assert recipe.caption.captioner == TransformersCaptioner(model="owner/model")


def test_a_step_keeps_its_engine_where_only_workers_are_given():
    recipe = make_recipe({"sources": "x", "steps": {"caption": {"workers": 3}}})
    assert (recipe.steps.caption.engine, recipe.steps.caption.workers) == ("ray", 3)


def test_a_section_without_a_value_counts_as_left_out():
    content = yaml.safe_load("sources: x\nscan:\nrun:\nname: null\n")
    assert make_recipe(content) == make_recipe({"sources": "x"})


def test_numbers_may_be_written_as_text():
    assert make_recipe({"sources": "x", "limit": "5"}).limit == 5


@pytest.mark.parametrize("content", [{"sources": "videos.txt"}, RICH], ids=["defaults", "rich"])
def test_the_resolved_recipe_is_the_recipe(content):
    recipe = make_recipe(content)
    assert make_recipe(yaml.safe_load(recipe.resolved())) == recipe


def test_the_resolved_recipe_states_every_default():
    content = yaml.safe_load(make_recipe({"sources": "x"}).resolved())
    assert content["clips"] == {"max_duration_s": 20.0, "min_duration_s": 2.0, "min_silence_s": 0.3}
    assert set(content) == set(Recipe.model_fields)


def test_making_a_recipe_leaves_what_was_given_alone():
    content = copy.deepcopy(RICH)
    make_recipe(content, ["cut.mode=exact", "steps.caption.workers=2"])
    assert content == RICH


def test_settings_overrule_the_recipe():
    settings = ["cut.mode=exact", "caption.captioner.prompt=What is seen?", "limit=3"]
    recipe = make_recipe(RICH, settings)
    assert (recipe.cut.mode, recipe.limit) == ("exact", 3)
    assert recipe.caption.captioner.prompt == "What is seen?"
    assert recipe.caption.captioner.model == "owner/model"


def test_a_setting_may_hold_any_yaml():
    recipe = make_recipe({"sources": "x"}, ["filters.rules=[{score: motion, minimum: 1}]"])
    assert recipe.filters.rules[0].score == "motion"


def test_a_setting_may_go_below_an_empty_section():
    assert make_recipe({"sources": "x", "cut": None}, ["cut.mode=none"]).cut.mode == "none"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("cut.mode", "--set 'cut.mode' must be key=value, such as cut.mode=exact"),
        ("=3", "--set '=3' must be key=value"),
        ("cut..mode=exact", "--set 'cut..mode=exact' must be key=value"),
        ("sources.first=3", "--set 'sources.first=3': 'sources' has no keys of its own"),
        ("cut.mode=[", "--set 'cut.mode=[' is no YAML in line 1, column 2: "),
        ("cut.mod=exact", "the recipe: unknown key 'cut.mod', did you mean 'mode'?"),
    ],
)
def test_a_setting_that_cannot_be_gets_a_sentence(setting, sentence):
    with pytest.raises(UsageError, match=r"^[^\n]*$") as caught:
        make_recipe({"sources": "x"}, [setting])
    assert str(caught.value).startswith(sentence)


def test_sources_are_looked_for_beside_the_recipe_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "there" / "videos.txt", "a.mp4")
    one = write(tmp_path / "there" / "one.yaml", "sources: videos.txt")
    several = write(tmp_path / "there" / "several.yaml", "sources: [videos.txt, here.txt]")
    assert load_recipe(one).sources == str(tmp_path / "there" / "videos.txt")
    assert load_recipe(several).sources == (str(tmp_path / "there" / "videos.txt"), "here.txt")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must be a YAML mapping such as `sources: videos.txt`"),
        ("- a", "must be a YAML mapping"),
        ("sources: [a\nrun: b", "is no YAML in line 2, column 4: "),
        ("sources: x\nlimit: 0", "limit=0 must be >= 1"),
    ],
)
def test_a_mistake_in_a_file_names_the_file(tmp_path, text, sentence):
    path = write(tmp_path / "mine.yaml", text)
    with pytest.raises(UsageError, match=r"^[^\n]*$") as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"the recipe {path}")
    assert sentence in str(caught.value)


def test_a_recipe_that_cannot_be_read_gets_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"there is no recipe at .*; `interlink init` writes one"):
        load_recipe(tmp_path / "missing.yaml")
    with pytest.raises(UsageError, match=r"cannot read the recipe .*: Is a directory"):
        load_recipe(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"binary\.yaml is no text in UTF-8"):
        load_recipe(tmp_path / "binary.yaml")


def test_the_digest_is_that_of_what_comes_out_not_of_where():
    plain = make_recipe({"sources": "x"})
    elsewhere = make_recipe(
        {
            "sources": "y",
            "run": "other",
            "dataset": "third",
            "steps": {"fetch": {"engine": "local", "workers": 7}},
            "scratch": "/tmp/scratch",
            "ray": {"address": "auto"},
            "fetch": {"concurrency": 9},
        }
    )
    assert elsewhere.digest() == plain.digest()


@pytest.mark.parametrize(
    "setting", ["scan.frames_per_s=1", "cut.mode=none", "assemble.max_clips=2"]
)
def test_the_digest_changes_with_what_comes_out(setting):
    plain = make_recipe({"sources": "x"})
    assert make_recipe({"sources": "x"}, [setting]).digest() != plain.digest()
