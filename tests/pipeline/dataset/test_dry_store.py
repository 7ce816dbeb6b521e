"""A store that changes nothing, and tells what would be changed."""

from interlink.pipeline.dataset.dry_store import DryStore
from interlink.pipeline.storage.store import Store


def test_nothing_is_written_or_removed_and_all_is_noted(tmp_path):
    Store(str(tmp_path / "s")).put("there.txt", b"old")
    (tmp_path / "local.txt").write_bytes(b"new")
    dry = DryStore(str(tmp_path / "s"))
    dry.put("a.json", b"1")
    dry.put("there.txt", b"new")
    dry.put_file("b.parquet", tmp_path / "local.txt")
    dry.remove("gone.txt")
    dry.remove_file("there.txt")
    assert dry.put_if_absent("v1.json", b"v")
    assert not dry.put_if_absent("v1.json", b"w")
    assert dry.written == ["a.json", "there.txt", "b.parquet", "v1.json"]
    assert dry.removed == ["gone.txt", "there.txt"]
    assert dry.places == ["a.json", "b.parquet", "gone.txt", "there.txt", "v1.json"]
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["there.txt"]
    assert (tmp_path / "s" / "there.txt").read_bytes() == b"old"


def test_what_was_put_reads_back_as_if_it_were_there(tmp_path):
    Store(str(tmp_path)).put("old.txt", b"old")
    dry = DryStore(str(tmp_path))
    dry.put("new.txt", b"new")
    assert dry.exists("new.txt")
    assert list(dry.read_all(["new.txt", "old.txt", "none.txt"])) == [b"new", b"old", None]
    with dry.open("new.txt") as file:
        assert file.read() == b"new"
    assert dry.local_path("old.txt") is None
