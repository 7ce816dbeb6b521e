"""Toy records and transforms that do to a record what its source's metadata asks for.

In a folder of its own, which `tests/conftest.py` puts on `PYTHONPATH`: Beam's worker processes,
Ray's actors and children must be able to import what they unpickle.
"""

import dataclasses
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from interlink.schemas.clip import Flag
from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode, RejectionReason
from interlink.schemas.source import Source
from interlink.transforms.base import Expand, Failed, Gather, Kept, Map, Rejected, parameter
from interlink.transforms.child import Child


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What becomes of a source in these tests."""

    item_id: str
    source: Source
    text: str = ""
    flags: tuple[Flag, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Items of one group."""

    bundle_id: str
    members: tuple[str, ...]


def source(name: str, fate: str = "keep", **metadata: str) -> Source:
    """Return a source whose metadata says what the transforms shall do with it."""
    return Source(source_id=name, uri=f"toy://{name}", metadata={"fate": fate, **metadata})


def sources(fates: dict[str, str], *, keep: int = 0) -> list[Source]:
    """Return a source for each name and fate, and `keep` innocent ones."""
    named = [source(name, fate) for name, fate in fates.items()]
    return named + [source(f"innocent-{number:04d}") for number in range(keep)]


def count(folder: str, name: str) -> int:
    """Count one more try of `name`, in files, so that it holds across processes; 1 at first."""
    with Path(folder, name).open("ab", buffering=0) as file:
        file.write(b".")
        return file.tell()


def tries(folder: str | Path, name: str) -> int:
    """Return how often `count` was called for `name`."""
    path = Path(folder, name)
    return path.stat().st_size if path.exists() else 0


def crash_child(how: str) -> dict[str, Any]:
    """End the child process in which this runs, or answer."""
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return {"said": how}


@dataclasses.dataclass(kw_only=True)
class Act(Map[Source, Item]):
    """Does what each source's `fate` says."""

    folder: str = parameter("", in_digest=False)
    """Where tries are counted."""
    setup_fault: str = ""
    """What is wrong with the machine, if anything is."""
    has_child: bool = parameter(True, in_digest=False)
    """Whether a child process acts; without it no fate may be `crash`."""

    def setup(self) -> None:
        if self.setup_fault:
            raise EnvironmentFault(self.setup_fault)
        self._child = Child()
        if self.folder:
            count(self.folder, "setups")

    def teardown(self) -> None:
        if not self.setup_fault:
            self._child.close()
        if self.folder:
            count(self.folder, "teardowns")

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[Item] | Rejected | Failed]:
        results = [self._act(record) for record in records]
        return results[::-1]  # the order is free: results are matched by id

    def _act(self, record: Source) -> Kept[Item] | Rejected | Failed:
        name, fate = record.source_id, record.metadata["fate"]
        if fate == "reject":
            return Rejected(input_id=name, reason=RejectionReason.SCORE_BELOW, value=0.25)
        if fate == "fail":
            return Failed(input_id=name, code=ErrorCode.NOT_MEDIA, message="is a web page")
        if fate == "defer":
            # With its time told, the outcome is the same at any time.
            return Failed(
                input_id=name,
                code=ErrorCode.LIVE,
                message="is on the air",
                wait_until_us=1_800_000_000_000_000,
            )
        if fate == "flaky" and count(self.folder, name) < 3:
            return Failed(input_id=name, code=ErrorCode.CONNECTION, message="reset by peer")
        if fate == "unreachable":
            return Failed(input_id=name, code=ErrorCode.DNS, message="no such host", value=1.5)
        self._raise(name, fate)
        said = {"said": fate}
        if self.has_child:
            said = self._child.call("interlink_toys:crash_child", {"how": fate}, deadline_s=30)
        return Kept(input_id=name, record=Item(item_id=name, source=record, text=said["said"]))

    def _raise(self, name: str, fate: str) -> None:
        if fate == "poison":
            raise ValueError("cannot take this batch")
        if fate == "flaky batch" and count(self.folder, name) < 3:
            raise ConnectionResetError("by peer")
        if fate == "full":
            raise OSError(28, "No space left on device")
        if fate == "bad disk":
            raise OSError(5, "Input/output error")
        if fate == "broken":
            raise EnvironmentFault("the toy machine is broken; mend it")
        if fate == "slow":
            time.sleep(0.2)
        while fate == "held" and Path(self.folder, "hold").exists():
            time.sleep(0.05)
        if fate == "burn":
            end = time.process_time() + 2.0
            while time.process_time() < end:
                pass
        if fate == "die" or (fate == "die once" and count(self.folder, name) < 2):
            os._exit(9)


@dataclasses.dataclass(kw_only=True)
class Multiply(Expand[Item, Item]):
    """Yields as many items as asked for; `burst` fails after the first, `multiply=die` kills."""

    def process(self, record: Item) -> Iterator[Item]:
        if record.source.metadata.get("multiply") == "die":
            os._exit(9)
        for number in range(int(record.source.metadata.get("times", "1"))):
            if number and record.text == "burst":
                raise RecordError(ErrorCode.CUT_FAILED, "burst", value=float(number))
            yield dataclasses.replace(record, item_id=f"{record.item_id}-{number}")


@dataclasses.dataclass(kw_only=True)
class Inspect(Map[Item, Item]):
    """Keeps all; batches that hold a source with `inspect=poison` fail for good."""

    def process_batch(self, records: Sequence[Item]) -> Sequence[Kept[Item]]:
        if any(record.source.metadata.get("inspect") == "poison" for record in records):
            raise LibraryError("the batch does not fit")
        return [Kept(input_id=record.item_id, record=record) for record in records]


@dataclasses.dataclass(kw_only=True)
class Twins(Expand[Item, Item]):
    """Gives two records with one id, which the stage after it must refuse."""

    def process(self, record: Item) -> Iterator[Item]:
        yield from (record, record)


class LibraryError(Exception):
    """What a library might raise."""


@dataclasses.dataclass(kw_only=True)
class Bind(Gather[Item, Bundle]):
    """Binds items of one group; `torn` groups fail, `deadly` ones kill, `none` give nothing."""

    def key(self, record: Item) -> str:
        return record.source.group or record.source.source_id

    def process_group(self, key: str, records: Sequence[Item]) -> Iterable[Bundle]:
        if key == "deadly":
            os._exit(9)
        if key == "torn":
            raise RecordError(ErrorCode.MODEL_ERROR, f"cannot bind {len(records)} items")
        if key != "none":
            yield Bundle(bundle_id=key, members=tuple(record.item_id for record in records))


@dataclasses.dataclass(kw_only=True)
class Copy(Map[Source, Source]):
    """Gives back what it gets: for what an engine itself costs."""

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[Source]]:
        return [Kept(input_id=record.source_id, record=record) for record in records]


@dataclasses.dataclass(kw_only=True)
class DieOutside(Copy):
    """Kills its worker at the first openings of a part, when it has no record in hand."""

    folder: str = parameter("", in_digest=False)
    """Where openings are counted."""
    deaths: int = parameter(0, in_digest=False)

    def open_part(self, workspace: Any) -> None:
        if count(self.folder, "openings") <= self.deaths:
            os._exit(9)
        super().open_part(workspace)
