"""The card says what is in a dataset."""

import re
from pathlib import Path

import duckdb

from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.storage.store import Store


def test_the_card_says_what_is_in_it_and_how_to_load_it(run, recipe, run_plan):
    import yaml

    publish_plan(run, recipe, 1, run_plan(1, "a", "b", missing=1))
    text = Store(recipe.dataset_url).read("README.md").decode()
    _, header, body = text.split("---\n", 2)
    settings = yaml.safe_load(header)
    assert settings["pretty_name"] == "Tiny | test"
    assert settings["license"] == "cc-by-4.0"
    assert settings["language"] == ["en"]
    assert settings["size_categories"] == ["n<1K"]
    assert settings["configs"] == [{"config_name": "default", "data_files": "docs/*.parquet"}]
    assert "| documents | 2 (train 2) |" in body
    assert "| caption | facts@1 | ok | 4 |" in body
    assert "| speech | whisper-base@0123456789ab | ok | 4 |" in body
    assert "| source | fetch | fetch | failed | http_404 | 1 |" in body
    assert "| clip | cut | filters | rejected | score_below | 2 |" in body
    assert "load_dataset(" in body


def test_a_card_of_nothing_can_be_written(run, recipe, run_plan):
    publication = publish_plan(run, recipe, 1, run_plan(1, missing=2))
    text = Store(recipe.dataset_url).read("README.md").decode()
    assert publication.manifest.num_documents == 0
    assert "| documents | 0 |" in text
    assert "license: other" in text


def test_what_the_card_tells_people_to_type_works(run, recipe, run_plan, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    publish_plan(run, recipe, 1, run_plan(1, "a"))
    monkeypatch.chdir(Path(recipe.dataset_url))
    text = Path("README.md").read_text()
    (python,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    python = python.replace('data_files="', f'cache_dir="{tmp_path / "cache"}", data_files="')
    names: dict = {}
    exec(python, names)
    assert names["train"].num_rows == 1
    rows = duckdb.sql(sql).fetchall()
    assert [round(start_s) for _, start_s, _ in rows] == [0, 10]
    assert all(text.startswith("A square of shade") for _, _, text in rows)
