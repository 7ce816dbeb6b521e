"""Small disks of their own, which a test fills and makes larger."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

KB, MB = 1 << 10, 1 << 20


class Disk:
    """A disk in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, options: str) -> bool:
        """Mount it, if this user may."""
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def remount(self, options: str) -> None:
        """Change its size, or make it read-only."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def fill(self, free_bytes: int) -> Path:
        """Leave only so much space, until the file that is returned is removed."""
        ballast = self.path / "ballast"
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(self.path).free - free_bytes)))
        return ballast


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk]:
    """Mount a disk of that size, such as `4m`; skips the test where that is not allowed."""
    if shutil.which("mount") is None:
        pytest.skip("there is no `mount`")
    disk = Disk(path)
    path.mkdir()
    if not disk.mount(f"size={size}"):
        pytest.skip("a disk can only be mounted as root")
    yield disk
    subprocess.run(["umount", "--lazy", str(path)], check=True)
