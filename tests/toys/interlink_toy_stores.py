"""A strict object store in memory, `strict://WORLD/...`: it counts, delays, and fails on demand.

Unlike `memory://` it puts if absent in one go, whatever threads do, and unlike moto's server too.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class HttpError(OSError):
    """An answer of a store, with its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the store answered {status}")
        self.status = status


@dataclass(kw_only=True)
class Fault:
    """What goes wrong at the next `times` calls of a kind."""

    call: str
    """`put`, `read`, `range`, `list`, `look`, `remove` or `copy`."""
    error: Exception | None = None
    times: int = 1
    is_late: bool = False
    """Whether the call is made all the same, and only its answer is lost."""
    only: str = ""
    """What the path must hold."""


@dataclass
class World:
    """The files of one store, and what it is asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    unlisted: dict[str, int] = field(default_factory=dict)
    """Files that are not listed yet, and for how many listings."""
    listing_delay: int = 0
    """Listings that a new file stays out of."""
    keeps_absent: bool = True
    """Whether it keeps put-if-absent."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Each request: its kind and path."""
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def counted(self, skip: Callable[[str, str], bool] = lambda call, path: False) -> Counter[str]:
        """Count the requests by kind, but for those to be skipped."""
        return Counter(call for call, path in self.calls if not skip(call, path))


_WORLDS: dict[str, World] = {}


@contextlib.contextmanager
def strict_world(name: str) -> Iterator[World]:
    """Open an empty store under `strict://<name>`, and forget it at the end."""
    _WORLDS[name] = World()
    try:
        yield _WORLDS[name]
    finally:
        del _WORLDS[name]


class StrictFileSystem(AbstractFileSystem):
    """fsspec's view of a strict store; each request of it counts once."""

    protocol = "strict"

    @contextlib.contextmanager
    def _request(self, call: str, path: str) -> Iterator[World]:
        world = _WORLDS[path.split("/", 1)[0]]
        with world.lock:
            world.calls.append((call, path))
            fault = next(
                (f for f in world.faults if f.call == call and f.times and f.only in path), None
            )
            if fault is not None:
                fault.times -= 1
                if not fault.is_late and fault.error:
                    raise fault.error
            yield world
            if fault is not None and fault.error:
                raise fault.error

    def ls(self, path: str, detail: bool = True, **_: object) -> list:
        path = self._strip_protocol(path).rstrip("/")
        with self._request("list", path) as world:
            found = {}
            for name, data in world.files.items():
                if not name.startswith(f"{path}/"):
                    continue
                if world.unlisted.get(name, 0) > 0:
                    world.unlisted[name] -= 1
                    continue
                first, is_deeper, _rest = name[len(path) + 1 :].partition("/")
                kind = "directory" if is_deeper else "file"
                whole = f"{path}/{first}"
                found[whole] = {"name": whole, "type": kind, "size": len(data)}
            if not found:
                raise FileNotFoundError(path)
        return list(found.values()) if detail else sorted(found)

    def info(self, path: str, **_: object) -> dict:
        path = self._strip_protocol(path)
        with self._request("look", path) as world:
            if path in world.files:
                return {"name": path, "type": "file", "size": len(world.files[path])}
            if any(name.startswith(f"{path}/") for name in world.files):
                return {"name": path, "type": "directory", "size": 0}
            raise FileNotFoundError(path)

    def find(self, path: str, **_: object) -> list[str]:
        path = self._strip_protocol(path)
        with self._request("list", path) as world:
            return sorted(n for n in world.files if n == path or n.startswith(f"{path}/"))

    def cat_file(self, path: str, **_: object) -> bytes:
        path = self._strip_protocol(path)
        with self._request("read", path) as world:
            return self._content(world, path)

    def get_file(self, path: str, local: str, **_: object) -> None:
        path = self._strip_protocol(path)
        with self._request("read", path) as world:
            Path(local).write_bytes(self._content(world, path))

    def pipe_file(self, path: str, data: bytes, mode: str = "overwrite", **_: object) -> None:
        path = self._strip_protocol(path)
        with self._request("put", path) as world:
            if mode == "create" and world.keeps_absent and path in world.files:
                raise FileExistsError(path)
            if path not in world.files:
                world.unlisted[path] = world.listing_delay
            world.files[path] = bytes(data)

    def put_file(self, local: str, path: str, **_: object) -> None:
        self.pipe_file(path, Path(local).read_bytes())

    def cp_file(self, source: str, target: str, **_: object) -> None:
        with self._request("copy", self._strip_protocol(target)) as world:
            world.files[self._strip_protocol(target)] = self._content(
                world, self._strip_protocol(source)
            )

    def rm_file(self, path: str) -> None:
        path = self._strip_protocol(path)
        with self._request("remove", path) as world:
            self._content(world, path)
            del world.files[path]

    def rm(self, path: str, recursive: bool = False, **_: object) -> None:
        files = self.find(path)
        if not files:
            raise FileNotFoundError(path)
        with self._request("remove", self._strip_protocol(path)) as world:
            for file in files:
                del world.files[file]

    def _open(self, path: str, mode: str = "rb", **options: object) -> "StrictFile":
        return StrictFile(self, path, mode, **options)

    @staticmethod
    def _content(world: World, path: str) -> bytes:
        if path not in world.files:
            raise FileNotFoundError(path)
        return world.files[path]


class StrictFile(AbstractBufferedFile):
    """An open file: one request for its size, one for each range."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        with self.fs._request("range", self.path) as world:
            return world.files[self.path][start:end]


fsspec.register_implementation("strict", StrictFileSystem, clobber=True)
