"""Small datasets, small random bases, and recipes on them: a training takes a second."""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from interlink.model.cosmo.model import Cosmo
from interlink.model.recipe import TrainRecipe

ROOT = Path(__file__).parent.parent.parent


def _load(folder: str) -> ModuleType:
    """Load another folder's conftest by its path: tests are no package to import from."""
    name = f"interlink_test_model_{folder}"
    if name not in sys.modules:
        path = Path(__file__).parent / folder / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums in one order, whatever ran before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _no_gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bitwise promises are for the processor: only tests that are marked so see a GPU."""
    if not request.node.get_closest_marker("gpu"):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def _save_language_model(folder: Path) -> None:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(["A square of shade number 37 fills the picture."], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        initializer_range=0.2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="session")
def random_bases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of a random language model with its tokenizer, and of a random tower."""
    root = tmp_path_factory.mktemp("bases")
    _save_language_model(root / "language")
    _load("cosmo").tower().save(root / "vision")
    return root / "language", root / "vision"


@pytest.fixture
def small_dataset(tmp_path: Path, make_documents: Any) -> str:
    """Root of a dataset of 12 documents of 3 clips, of which 4 are held out."""
    documents = make_documents(*"abcdefghijkl")
    data = _load("data")
    marked = [
        data.sealed(dataclasses.replace(d, split="eval" if number < 4 else "train"))
        for number, d in enumerate(sorted(documents, key=lambda d: d.document_id))
    ]
    url: str = data.DatasetMaker(tmp_path)(marked)
    return url


@pytest.fixture
def plain_recipe(
    tmp_path: Path, random_bases: tuple[Path, Path], small_dataset: str
) -> dict[str, Any]:
    """What a training recipe says: about 10 steps of 2 packed sequences and 4 pairs."""
    language, vision = random_bases
    model = dataclasses.asdict(_load("cosmo").config())
    return {
        "dataset": small_dataset,
        "output": str(tmp_path / "training"),
        "model": model | {"language_model": str(language), "vision_tower": str(vision)},
        "budgets": {"tokens": 128, "media": 6, "frames_per_clip": 2},
        "batch": {"sequences": 2, "pairs": 4, "num_workers": 0},
        "optimizer": {"tokens": 1500, "warmup_tokens": 300, "lr": 1e-3, "gate_lr": 1e-2},
        "evaluation": {"every_steps": 4, "sequences": 4, "pairs": 4},
        "checkpoint": {"every_steps": 3},
    }


@pytest.fixture
def recipe(plain_recipe: dict[str, Any]) -> TrainRecipe:
    return TrainRecipe.from_mapping(plain_recipe)


@pytest.fixture
def processor(recipe: TrainRecipe) -> Any:
    """What stands between text and pictures and the numbers of the recipe's model."""
    return Cosmo.build(recipe.model).processor


@pytest.fixture
def rewrite(small_dataset: str, tmp_path: Path) -> Any:
    """Writes a next version of the dataset with other documents."""
    data = _load("data")
    write = data.DatasetMaker(tmp_path)

    def commit(documents: Any) -> None:
        ordered = sorted(documents, key=lambda document: document.document_id)
        write([data.sealed(document) for document in ordered])

    return commit


class Processes:
    """Runs Python code in processes of its own, which import this tree."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, code: str, *arguments: object, ranks: int = 1, expect: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run `code` in `ranks` processes that can talk to each other; check how they end."""
        script = self._folder / "script.py"
        script.write_text(code)
        start = [sys.executable]
        if ranks > 1:
            start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(ROOT / ".lib"), os.getenv("PYTHONPATH")))
            )
        }
        done = subprocess.run(
            [*start, str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=240,
        )
        assert done.returncode == expect, done.stderr[-4000:]
        return done


@pytest.fixture
def run_python(tmp_path: Path) -> Processes:
    return Processes(tmp_path)


def write_json(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def recipe_file(tmp_path: Path, plain_recipe: dict[str, Any]) -> Any:
    """Writes the recipe for another process: `recipe_file(output=..., ...)` gives its path."""

    def write(name: str = "recipe.json", **changes: object) -> Path:
        return write_json(tmp_path / name, plain_recipe | changes)

    return write
