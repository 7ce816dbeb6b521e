"""Files appear whole or not at all; what a disk cannot do is told."""

import errno
import os
import threading

import pytest
from interlink_toy_disks import KB, small_disk

from interlink.pipeline.storage.local_files import beside, disk_faults, link_if_absent, link_or_copy
from interlink.schemas.errors import DiskFullError, EnvironmentFault


def test_the_first_to_put_a_file_wins(tmp_path):
    target = tmp_path / "deep" / "file"
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda n=n: won.append(link_if_absent(target, bytes([n]))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(won) == 1
    assert len(target.read_bytes()) == 1
    assert list(target.parent.iterdir()) == [target]


def test_a_link_takes_the_place_of_what_was_there(tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"old")
    for _ in range(2):
        link_or_copy(tmp_path / "a", tmp_path / "b")
        assert (tmp_path / "b").samefile(tmp_path / "a")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_is_copied_where_no_link_can_be_made(tmp_path, monkeypatch):
    def other_disk(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    (tmp_path / "a").write_bytes(b"bytes")
    monkeypatch.setattr(os, "link", other_disk)
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"bytes"
    assert not (tmp_path / "b").samefile(tmp_path / "a")


def test_what_was_not_finished_leaves_nothing(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError, match="by zero"), beside(tmp_path / "a") as unfinished:
        unfinished.write_bytes(b"ne")
        1 // 0  # noqa: B018
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_the_machine_s_fault(code):
    with (
        pytest.raises(DiskFullError, match=r"disk full: no space left to write /x: free.*stays$"),
        disk_faults("/x"),
    ):
        raise OSError(code, os.strerror(code))


@pytest.mark.parametrize("code", [errno.EROFS, errno.EIO, errno.ESTALE])
def test_a_disk_that_breaks_or_vanishes_is_the_machine_s_fault_and_not_full(code):
    told = rf"cannot write /x: {os.strerror(code)}; mend it, then run again; .*stays$"
    with pytest.raises(EnvironmentFault, match=told) as raised, disk_faults("/x"):
        raise OSError(code, os.strerror(code))
    assert not isinstance(raised.value, DiskFullError)


def test_a_commit_that_finds_no_space_leaves_nothing_behind(tmp_path):
    with small_disk(tmp_path / "disk", "1m") as disk:
        ballast = disk.fill(free_bytes=8 * KB)
        with pytest.raises(OSError, match="No space left"):
            link_if_absent(disk.path / "a", bytes(100 * KB))
        assert list(disk.path.iterdir()) == [ballast]


def test_other_troubles_keep_their_kind():
    with pytest.raises(ConnectionResetError, match="gone"), disk_faults("/x"):
        raise ConnectionResetError("gone")


def test_a_link_whose_answer_was_lost_is_ours(tmp_path, monkeypatch):
    link = os.link

    def link_twice(source, target):
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", link_twice)
    assert link_if_absent(tmp_path / "file", b"ours")
    assert not link_if_absent(tmp_path / "file", b"late")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"ours"]


def test_a_file_system_without_hard_links_is_told(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(EnvironmentFault, match=r"no hard links.*use another disk, or an object"):
        link_if_absent(tmp_path / "file", b"ours")
    assert list(tmp_path.iterdir()) == []
