"""What a part lends to its transforms."""

import errno
import hashlib
import uuid
from pathlib import Path

import pytest
from interlink_toy_stores import Fault, World, strict_world

from interlink.pipeline.parts.workspace import CommittedFile, PartWorkspace
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.reference import Reference


@pytest.fixture(params=["disk", "memory"])
def space(request, tmp_path):
    root = str(tmp_path / "root") if request.param == "disk" else f"memory://{uuid.uuid4().hex}"
    space = PartWorkspace(Store(root), "steps/s/p/a", tmp_path / "scratch")
    yield space
    space.close()


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


def add(space: PartWorkspace, name: str, data: bytes) -> Reference:
    path = space.scratch / name
    path.write_bytes(data)
    reference = space.add_file(path, sha256=hashlib.sha256(data).hexdigest())
    assert not path.exists()
    return reference


def test_a_file_is_named_by_its_digest_and_can_be_read(space):
    reference = add(space, "Holiday.MP4", b"moving pictures")
    sha256 = hashlib.sha256(b"moving pictures").hexdigest()
    assert reference == Reference(file=f"steps/s/p/a/{sha256[:32]}.mp4", sha256=sha256)
    assert space.files == [CommittedFile(path=reference.file, num_bytes=15, sha256=sha256)]
    assert space.read(reference) == b"moving pictures"
    assert space.path(reference).read_bytes() == b"moving pictures"
    assert space.path(reference) == space.path(reference)


def test_a_file_that_is_added_again_is_committed_once(space):
    add(space, "a.mp4", b"x")
    add(space, "a.mp4", b"x")
    assert len(space.files) == 1


def test_media_can_be_read_after_the_part(space):
    reference = space.add_media(
        b"jpeg",
        video_id="v",
        owner_id="v",
        kind="frame",
        start_us=0,
        end_us=0,
        mime="image/jpeg",
    )
    assert reference.file == "steps/s/p/a/media.parquet"
    media = space.finish_media()
    space._store.put_file(reference.file, media)
    assert space.read(reference) == b"jpeg"


def test_without_media_there_is_no_media_file(space):
    assert space.finish_media() is None


def test_bytes_of_another_digest_are_refused(space):
    reference = add(space, "a.mp4", b"x")
    wrong = Reference(file=reference.file, sha256="0" * 64)
    with pytest.raises(ValueError, match="does not have the digest"):
        space.read(wrong)
    if space._store.local_path("") is None:
        with pytest.raises(ValueError, match="does not have the digest"):
            space.path(wrong)


def test_a_copy_that_broke_off_is_made_anew(tmp_path, monkeypatch):
    store = Store(f"memory://{uuid.uuid4().hex}")
    space = PartWorkspace(store, "a", tmp_path / "scratch")
    reference = add(space, "a.mp4", b"x" * 100)

    def broken(fs, source, target):
        Path(target).write_bytes(b"x" * 10)
        raise OSError(errno.EIO, "gone")

    with monkeypatch.context() as patch:
        patch.setattr("fsspec.implementations.memory.MemoryFileSystem.get_file", broken)
        with pytest.raises(EnvironmentFault, match=r"cannot read memory://.*\.mp4: gone"):
            space.path(reference)
    assert space.path(reference).read_bytes() == b"x" * 100


def test_copies_of_sources_keep_to_their_room(world, tmp_path):
    space = PartWorkspace(Store("strict://world/run"), "a", tmp_path / "scratch", 15)
    small = [add(space, f"{n}.mp4", bytes([n]) * 10) for n in range(2)]
    large = add(space, "large.mp4", bytes(16))
    for n, reference in enumerate((*small, *small)):
        assert space.path(reference).read_bytes() == bytes([n % 2]) * 10
        assert len(list((tmp_path / "scratch" / "copies").iterdir())) == 1
    with pytest.raises(EnvironmentFault, match=r"has 16 bytes, more than scratch_bytes=15"):
        space.path(large)
    space.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("room", "calls"), [(1 << 20, {"look": 1, "read": 1}), (100, None)])
def test_media_is_brought_whole_or_read_by_range_where_there_is_no_room(
    world, tmp_path, room, calls
):
    store = Store("strict://world/run")
    space = PartWorkspace(store, "a", tmp_path / "scratch", room)
    references = [
        space.add_media(
            bytes([n]) * 50_000,
            video_id=f"v{n}",
            owner_id="v",
            kind="frame",
            start_us=0,
            end_us=0,
            mime="image/jpeg",
        )
        for n in range(3)
    ]
    store.put_file("a/media.parquet", space.finish_media())
    world.calls.clear()
    assert [space.read(r)[:1] for r in references] == [b"\0", b"\1", b"\2"]
    counted = world.counted()
    if calls is None:
        assert counted["read"] == 0
        # The footer once; for each row group one range, and the file's size: ours and the file's.
        assert (counted["range"], counted["look"]) == (4, 6)
    else:
        assert counted == calls
    space.close()


def test_a_run_that_cannot_be_read_blames_no_record(world, tmp_path):
    disk = PartWorkspace(Store(str(tmp_path / "run")), "a", tmp_path / "scratch")
    lost = Reference(file="a/lost.mp4", sha256="0")
    with pytest.raises(EnvironmentFault, match=r"cannot read .*/run/a/lost\.mp4: .*No such file"):
        disk.read(lost)
    disk.close()
    remote = PartWorkspace(Store("strict://world/run"), "a", tmp_path / "scratch")
    reference = add(remote, "a.mp4", b"x")
    world.faults = [Fault(call="read", error=PermissionError("Access Denied"))]
    with pytest.raises(EnvironmentFault, match="Access Denied; check"):
        remote.path(reference)
    remote.close()


def test_closing_empties_the_scratch_folder(space):
    (space.scratch / "left.tmp").write_bytes(b"x")
    space.close()
    assert not space.scratch.exists()
