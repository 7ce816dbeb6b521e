"""Checks what `interlink demo` wrote: `python -m interlink.examples.check_demo [demo]`.

Reads the dataset as any reader would, by its manifest alone, and prints one line.
"""

import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from ..pipeline.dataset.funnel import read_funnel
from ..pipeline.dataset.reader import read_documents
from ..pipeline.dataset.versions import read_manifest, read_shards
from ..pipeline.storage.store import Store
from ..schemas.document import Document
from ..schemas.errors import UsageError
from ..schemas.manifest import Shard
from ..schemas.text import TextKind

NUM_DOCUMENTS = 4
MAX_CPU_S = 360.0
"""Six CPU-minutes, as the project promises."""


def check_demo(output: Path) -> str:
    """Check the folder that a demo filled.

    Args:
        output: what was given to `interlink demo --output`.

    Returns:
        What was found, in one line.

    Raises:
        UsageError: something is missing or wrong.
    """
    dataset = Store(str(output / "dataset"))
    shards = list(read_shards(dataset, read_manifest(dataset)))
    for shard in shards:
        _check_files(dataset, shard)
    documents = list(read_documents(str(output / "dataset")))
    demand(len(documents) == NUM_DOCUMENTS, f"{len(documents)} documents, not {NUM_DOCUMENTS}")
    for document in documents:
        _check_document(document)
    demand(dataset.read("README.md").startswith(b"---"), "the card has no head")
    lost = [row for row in read_funnel(dataset).to_pylist() if row["disposition"] != "kept"]
    demand(not lost, f"something was left out: {lost}")
    steps = json.loads((output / "run" / "stats.json").read_bytes())["steps"]
    cpu_s = sum(step["cpu_s"] for step in steps)
    demand(cpu_s <= MAX_CPU_S, f"{cpu_s:.0f} CPU-seconds, more than {MAX_CPU_S:.0f}")
    with Image.open(output / "video.png") as picture:
        picture.load()
    clips, frames = (
        sum(getattr(d, name) for d in documents) for name in ("num_clips", "num_frames")
    )
    files = sum(2 if shard.media_path else 1 for shard in shards)
    return (
        f"{output} is whole: {len(documents)} documents, {clips} clips, {frames} frames, "
        f"{files} files with the digests of their manifest, {cpu_s:.0f} CPU-seconds"
    )


def _check_files(dataset: Store, shard: Shard) -> None:
    """Hold a shard's files against what the manifest says of them."""
    files = [(shard.docs_path, shard.docs_bytes, shard.docs_sha256)]
    if shard.media_path is not None:
        files.append((shard.media_path, shard.media_bytes, shard.media_sha256 or ""))
    for path, num_bytes, sha256 in files:
        data = dataset.read(path)
        demand(len(data) == num_bytes, f"{path} has {len(data)} bytes, not {num_bytes}")
        demand(hashlib.sha256(data).hexdigest() == sha256, f"{path} has another digest")


def _check_document(document: Document) -> None:
    """Each document has pictures that decode, spoken words, and a caption for every clip."""
    name = f"document {document.document_id}"
    for number, clip in enumerate(document.clips, 1):
        demand(bool(clip.frames), f"{name}: clip {number} has no frame")
        kinds = {text.kind for text in clip.texts if text.text}
        demand(TextKind.CAPTION in kinds, f"{name}: clip {number} has no caption")
    for data in _pictures(document):
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
    demand(any(clip.words for clip in document.clips), f"{name} has no spoken word")


def _pictures(document: Document) -> Iterator[bytes]:
    for clip in document.clips:
        for frame in clip.frames:
            yield frame.image.bytes


def demand(is_so: bool, otherwise: str) -> None:
    """Raise `UsageError` with `otherwise` where something is not so."""
    if not is_so:
        raise UsageError(otherwise)


def run_check(check: Callable[[Path], str], default: str) -> int:
    """Check the folder that the command line names, print what was found, return the exit code."""
    output = Path(sys.argv[1] if len(sys.argv) > 1 else default)
    try:
        print(check(output))
    except (UsageError, OSError) as error:
        print(f"{output} is not whole: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_check(check_demo, "demo"))
