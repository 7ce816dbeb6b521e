"""`datasets` itself loads the folder; the root's conftest keeps it from the network."""

import io

import av
import pytest
import yaml

from interlink.pipeline.audit.export import huggingface
from interlink.pipeline.audit.export.export import export_audit


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Exports an audit and loads it with `datasets`."""
    import datasets

    def load(audit):
        next(iter(export_audit(audit, ["huggingface"], tmp_path)))
        folder = str(tmp_path / "huggingface")
        return datasets.load_dataset(folder, split="audit", cache_dir=str(tmp_path / "cache"))

    return load


def test_datasets_loads_the_folder_with_pictures_and_clips(make_audit, load):
    loaded = load(make_audit(("A dog. It runs.", "A cat."), ("A bird.",), media=True))
    assert [row["captions"][0]["claims"] for row in loaded] == [["A dog.", "It runs."], ["A bird."]]
    assert loaded[0]["captions"][1] == {
        "side": "b",
        "kind": "caption",
        "text": "A cat.",
        "claims": ["A cat."],
    }
    assert loaded[0]["sheet"].size == (64, 36)
    assert loaded[1]["sheet"].convert("RGB").getpixel((9, 9))[1] == pytest.approx(90, abs=4)
    assert type(loaded.features["clip"]).__name__ == "Video"
    with av.open(io.BytesIO(loaded[0]["clip"]["bytes"])) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == 10
    assert loaded[0]["license"] == "CC-BY-4.0"


def test_hostile_captions_come_back_as_they_are(judged, load):
    folder, plan, _ = judged
    texts = [[caption["text"] for caption in row["captions"]] for row in load(folder)]
    assert texts == [[text.text for text in item.texts] for item in plan.items]


def test_a_clip_that_the_license_left_out_is_null(make_audit, load):
    loaded = load(make_audit(("A dog.",)))
    assert loaded[0]["clip"] is None
    assert loaded[0]["sheet"].size == (64, 36)


def test_rows_are_divided_into_files_and_groups_by_size(make_audit, load, monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface, "MAX_FILE_BYTES", 3_000)
    monkeypatch.setattr(huggingface, "MAX_ROW_GROUP_BYTES", 1_500)
    loaded = load(make_audit(*[(f"A dog, number {n}.",) for n in range(9)]))
    assert loaded["captions"][8][0]["text"] == "A dog, number 8."
    assert len(loaded) == 9
    assert len(list((tmp_path / "huggingface/data").iterdir())) > 2


def test_the_card_says_what_it_is_and_how_it_is_judged(make_audit, load, tmp_path):
    load(make_audit(("A dog.",)))
    _, header, text = (tmp_path / "huggingface/README.md").read_text("utf-8").split("---\n", 2)
    config = yaml.safe_load(header)["configs"][0]
    assert config["data_files"] == [{"split": "audit", "path": "data/*.parquet"}]
    assert "1 items of version 3" in text
    assert "`cannot_tell`" in text
    assert "<b>" not in text
