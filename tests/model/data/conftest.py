"""Real datasets, written by the pipeline's own writer, and a small tokenizer."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from interlink_toy_audits import plan_documents
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from interlink.model.data.dataset import open_dataset
from interlink.model.data.policy import TextPolicy
from interlink.model.data.samples import Samples
from interlink.model.data.vocabulary import Vocabulary
from interlink.model.data.windows import Budgets
from interlink.pipeline.dataset.versions import commit_version, manifest_path, read_manifest
from interlink.pipeline.parts.commit import KEPT_NAME, Commit
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.content import content_sha256
from interlink.schemas.document import Document
from interlink.schemas.manifest import Provenance, Tombstone, TombstoneKind
from interlink.schemas.text import Caption, TextKind, TextStatus

LINES = [
    "A square of shade number 37 fills the picture. Sentence 1. and then",
    "a red green blue circle given caption spoken words truncated text",
]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def make_tokenizer(*, add_start: bool = False, start: str | None = "<s>") -> Any:
    """A byte-level BPE; `add_start` makes it put `<s>` itself, as OPT's does."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<visual>", "<|endofchunk|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator([*LINES, *" ".join(LINES).split()], trainer)
    if add_start:
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 1)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token=start, eos_token="</s>"
    )


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.of(make_tokenizer())


def with_texts(document: Document, *texts: Sequence[tuple[str, str] | tuple[str, str, str]]):
    """Return the document with the texts of its clips replaced: (kind, text[, status]) each."""
    clips = []
    for clip, of_clip in zip(document.clips, texts, strict=True):
        captions = tuple(
            Caption(
                kind=TextKind(kind),
                text=text,
                start_us=clip.start_us,
                end_us=clip.end_us,
                model=None if kind == "given" else "m",
                status=TextStatus(rest[0] if rest else "ok"),
            )
            for kind, text, *rest in of_clip
        )
        words = clip.words if any(kind == "speech" for kind, *_ in of_clip) else ()
        clips.append(dataclasses.replace(clip, texts=captions, words=words))
    return sealed(dataclasses.replace(document, clips=tuple(clips)))


def sealed(document: Document) -> Document:
    """Return the document with the digest of its content."""
    return dataclasses.replace(document, content_sha256=content_sha256(document))


class DatasetMaker:
    """Writes a dataset: `write(documents)`, or a list of documents for each part."""

    def __init__(self, tmp_path: Path) -> None:
        self._path = tmp_path

    def __call__(self, *parts: Sequence[Document], name: str = "dataset") -> str:
        run, dataset = Store(str(self._path / "made")), Store(str(self._path / name))
        plan_documents(run, parts)
        commits = []
        for number, documents in enumerate(parts):
            local = self._path / f"{name}-{number}.parquet"
            write_records(local, documents, Document)
            path = f"steps/assemble/001-{number:05d}/{name}/{KEPT_NAME}"
            data = local.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            run.put_file(path, local)
            file = CommittedFile(path=path, num_bytes=len(data), sha256=sha256)
            commits.append(
                Commit(
                    part=f"001-{number:05d}",
                    step="assemble",
                    key="k",
                    attempt="a",
                    num_kept=len(documents),
                    stages=(),
                    files=(file,),
                    wall_s=0.0,
                )
            )
        provenance = Provenance(run="r", recipe_digest="d", code_version="0", created="2025-01-01")
        commit_version(run, dataset, commits, provenance=provenance)
        return dataset.url


@pytest.fixture
def write_dataset(tmp_path) -> DatasetMaker:
    return DatasetMaker(tmp_path)


@pytest.fixture
def make_samples(vocabulary):
    """Makes `Samples` of a dataset with small budgets; any field can be given."""

    def make(url: str, view: Any = None, **fields: Any) -> Samples:
        given = {
            "policy": TextPolicy(),
            "budgets": Budgets(tokens=128, media=6, frames_per_clip=2),
            "size_px": 16,
            "vocabulary": vocabulary,
            "dataset": open_dataset(url, view),
        }
        return Samples(**(given | fields))

    return make


@pytest.fixture
def helpers():
    """The functions of this file: tests are no package to import from."""

    class Helpers:
        """See the functions."""

    Helpers.make_tokenizer = staticmethod(make_tokenizer)
    Helpers.with_texts = staticmethod(with_texts)
    Helpers.sealed = staticmethod(sealed)
    return Helpers


@pytest.fixture
def take_down():
    """Publishes a version that says that something was taken down, and leaves all files there."""

    def publish(url: str, kind: TombstoneKind, name: str) -> None:
        dataset = Store(url)
        before = read_manifest(dataset)
        version = before.version + 1
        stone = Tombstone(id=name, kind=kind, reason="asked", version=version)
        stones = (*before.tombstones, stone)
        after = dataclasses.replace(before, version=version, tombstones=stones)
        dataset.put(manifest_path(version), after.to_json())

    return publish
