"""What the training loader costs, against WebDataset's tar reader over the same documents.

    python benchmarks/loader.py [--documents 200]

Makes documents with 6 clips of 8 frames (336 pixels, quality 88, as the scan writes them), writes
them once as a dataset and once as tar files, and reads both: bytes alone, and with the same JPEG
decoder. Then it runs the packed loader for several epochs and watches its memory.
"""

# ruff: noqa: E402  (one BLAS thread, as in every worker, must be set before numpy loads)
from interlink.pipeline.machine.threads import use_one_thread

use_one_thread()

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import psutil
import torch
import webdataset
from loader_data import CLIPS, FRAMES, TEXT, make_document, write_dataset, write_tar
from report import table, write_report
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from interlink.model.data import rows
from interlink.model.data.collate import decode_clip
from interlink.model.data.dataset import Dataset, open_dataset
from interlink.model.data.loader import LoaderOptions, PackedLoader
from interlink.model.data.order import hash_order
from interlink.model.data.packing import make_packing
from interlink.model.data.pictures import choose_evenly, decode_picture
from interlink.model.data.policy import TextPolicy
from interlink.model.data.rows import ROW_COLUMNS, Row, RowReader
from interlink.model.data.samples import Samples
from interlink.model.data.vocabulary import Vocabulary
from interlink.model.data.windows import Budgets
from interlink.schemas.arrow import from_table

SIZE_PX = 224
FRAMES_PER_CLIP = 4
PER_PART = 50
EPOCHS = 4
PACKAGES = ("pyarrow", "opencv-python-headless", "torch", "tokenizers", "webdataset")


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=200, help="how many (default: 200)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows._MAX_KEPT_BYTES = 1  # as in a dataset that is far larger than what a reader keeps
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        parts = [
            [make_document(n) for n in range(first, min(first + PER_PART, options.documents))]
            for first in range(0, options.documents, PER_PART)
        ]
        url = write_dataset(root, parts)
        tars = [write_tar(root / f"{n:03d}.tar", part) for n, part in enumerate(parts)]
        del parts
        samples = make_samples(url)
        rates = measure(samples, tars, options.documents)
        memory = watch_memory(samples, root)
    path = write_report(
        "loader",
        title="The training loader against WebDataset",
        body=describe(rates, memory, options.documents),
        packages=PACKAGES,
    )
    print(f"wrote {path}")
    return 0


def measure(samples: Samples, tars: list[str], count: int) -> list[tuple[str, str, float, float]]:
    """Return (what, reader, documents per CPU-second, ms of CPU per document)."""
    packing = make_packing(samples, Path(samples.dataset.url) / "cache")
    dataset = samples.dataset
    cases: list[tuple[str, str, Callable[[], int]]] = [
        ("bytes only", "WebDataset, in order", lambda: read_tars(tars, decode=False)),
        ("bytes only", "ours, in order", lambda: read_in_order(dataset, decode=False)),
        ("bytes only", "ours, at random", lambda: read_at_random(dataset, packing, decode=False)),
        ("decoded", "WebDataset, in order", lambda: read_tars(tars, decode=True)),
        ("decoded", "ours, in order", lambda: read_in_order(dataset, decode=True)),
        ("decoded", "ours, at random", lambda: read_at_random(dataset, packing, decode=True)),
        ("batches", "ours, `PackedLoader`", lambda: read_batches(samples, packing, epochs=1)),
    ]
    rates = []
    for what, reader, run in cases:
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            found = run()
            best = min(best, time.process_time() - started)
            assert found == count, f"{reader} gave {found} of {count} documents"
        print(f"{what:12} {reader:24} {count / best:8.1f} documents per CPU-second", flush=True)
        rates.append((what, reader, count / best, 1e3 * best / count))
    return rates


def read_tars(tars: list[str], *, decode: bool) -> int:
    """Read all documents of the tar files with WebDataset."""
    count = 0
    for sample in webdataset.WebDataset(tars, shardshuffle=False, empty_check=False):
        texts = json.loads(sample["json"])
        for clip in range(len(texts["clips"])):
            for index in choose_evenly(FRAMES, FRAMES_PER_CLIP):
                if decode:
                    decode_picture(sample[f"{clip}-{index}.jpg"], SIZE_PX)
        count += 1
    return count


def read_in_order(dataset: Dataset, *, decode: bool) -> int:
    """Read all documents row group by row group."""
    count = 0
    for _, _, group in dataset.scan(ROW_COLUMNS):
        for row in from_table(group, Row):
            _use(row, decode=decode)
            count += 1
    return count


def read_at_random(dataset: Dataset, packing: Any, *, decode: bool) -> int:  # noqa: ANN401
    """Read all documents one by one in an order by hash, as training does."""
    reader = RowReader(dataset)
    places = {packing.place(n) for n in range(len(packing))}
    ordered = sorted(places)
    for index in hash_order(len(ordered), "benchmark"):
        _use(reader.read(*ordered[index]), decode=decode)
    reader.close()
    return len(ordered)


def read_batches(samples: Samples, packing: Any, *, epochs: int) -> int:  # noqa: ANN401
    """Run the whole loader: read, decode, draw texts, tokenise, label, pack, stack."""
    options = LoaderOptions(batch_size=4, epochs=epochs, keep_tail=True)
    names = [
        name for batch in PackedLoader(samples, packing, options) for name in batch.sequence_ids
    ]
    return len({one for name in names if ":" in name for one in name.split(":")[1].split("+")})


def watch_memory(samples: Samples, root: Path) -> list[tuple[int, float]]:
    """Return (batches taken, resident MiB) over several epochs with two workers."""
    packing = make_packing(samples, root / "cache")
    options = LoaderOptions(batch_size=4, epochs=EPOCHS, num_workers=2)
    process = psutil.Process()
    seen = [(0, process.memory_info().rss / 2**20)]
    for number, _ in enumerate(PackedLoader(samples, packing, options), start=1):
        if number % 5 == 0:
            gc.collect()
            seen.append((number, process.memory_info().rss / 2**20))
    return seen


def describe(
    rates: Sequence[tuple[str, str, float, float]], memory: Sequence[tuple[int, float]], count: int
) -> str:
    """Write the body of the report."""
    cells = [(what, reader, f"{rate:.1f}", f"{ms:.2f}") for what, reader, rate, ms in rates]
    quarter = max(1, len(memory) // 4)
    settled = [rss for _, rss in memory[quarter:]]
    steps = memory[:: max(1, len(memory) // 12)]
    return f"""\
{count} made-up documents of {CLIPS} clips with {FRAMES} frames (597 x 336, JPEG quality 88), of
which {FRAMES_PER_CLIP} are shown at {SIZE_PX} pixels; one CPU thread, files in the page cache, best
of three. WebDataset reads tar files in order; its shuffle buffer is left out in its favour.

{table(("what", "reader", "documents per CPU-second", "ms of CPU per document"), cells)}

"At random" is what training does: any document of the dataset may be next, and each costs the
reading and checking of its row group of up to 16 MiB (readers keep none here). `PackedLoader` also
draws texts, tokenises, labels and stacks. Checksums are verified for ours; tar has none.

## Memory

`PackedLoader` with two workers over {EPOCHS} epochs, resident MiB of the whole process:

{table(("batches", "MiB"), [(number, f"{rss:.0f}") for number, rss in steps])}

After the first quarter it stays between {min(settled):.0f} and {max(settled):.0f} MiB.
"""


def _use(row: Row, *, decode: bool) -> None:
    for clip in row.clips:
        if decode:
            decode_clip(clip, frames_per_clip=FRAMES_PER_CLIP, size_px=SIZE_PX)


def make_samples(url: str) -> Samples:
    """Return samples with a small tokenizer."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<pad>", "<s>", "</s>", "<visual>", "<|endofchunk|>"]
    trainer = trainers.BpeTrainer(
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator([TEXT], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    return Samples(
        dataset=open_dataset(url),
        vocabulary=Vocabulary.of(tokenizer),
        policy=TextPolicy(),
        budgets=Budgets(tokens=512, media=12, frames_per_clip=FRAMES_PER_CLIP),
        size_px=SIZE_PX,
    )


if __name__ == "__main__":
    sys.exit(main())
