"""`interlink fsck`: exit codes, findings, repairs."""

import pytest

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.parts.commit import KEPT_NAME, read_commit


@pytest.fixture
def shards(published) -> list:
    return list(read_shards(published.dataset, read_manifest(published.dataset)))


def flip(store, path: str) -> None:
    data = bytearray(store.read(path))
    data[len(data) // 4] ^= 1
    store.put(path, bytes(data))


def test_a_sound_dataset_ends_with_0(published, interlink):
    code, output = interlink(f"fsck {published.dataset.url}")
    assert code == 0
    assert "nothing to tell; only sizes were looked at; --deep reads every byte" in output
    assert interlink(f"fsck {published.dataset.url} --deep")[0] == 0


def test_damage_ends_with_5_and_repair_with_0(published, shards, interlink):
    flip(published.dataset, shards[0].docs_path)
    url = published.dataset.url
    assert interlink(f"fsck {url}")[0] == 0, "a flipped bit is seen by reading alone"
    code, output = interlink(f"fsck {url} --deep")
    assert code == 5
    assert f"bytes    {url}/{shards[0].docs_path}: has sha256" in output
    assert "row group 0" in output
    assert f"1 things are wrong with {url}: `interlink fsck {url} --repair` mends" in output
    code, output = interlink(f"fsck {url} --deep --repair")
    assert code == 0
    assert f"repaired {url}/{shards[0].docs_path}: restored from" in output
    assert "nothing to tell; every byte was read" in output


def test_strays_are_told_with_what_to_do_and_end_with_0(published, interlink):
    published.dataset.put("docs/009-00000-00000000.parquet", b"x")
    code, output = interlink(f"fsck {published.dataset.url}")
    assert code == 0
    assert "stray    " in output
    assert f"next: interlink gc {published.dataset.url} --dry-run" in output


def test_a_damaged_run_is_withdrawn_and_the_dataset_waits_for_it(published, shards, interlink):
    run, part = published.run, shards[0].part
    folder = current_folders(run)[-1]
    flip(run, read_commit(run, folder, part).file(KEPT_NAME).path)
    flip(published.dataset, shards[0].docs_path)
    code, output = interlink(f"fsck {published.dataset.url} --deep --repair")
    assert code == 5
    assert "mend its run first (`interlink fsck RUN --deep --repair`), then run it again" in output
    code, output = interlink(f"fsck {run.url} --deep --repair")
    assert code == 0
    assert "withdrawn: the next run does it again" in output
    assert read_commit(run, folder, part) is None


def test_a_place_that_is_neither_is_refused(tmp_path, interlink):
    code, output = interlink(f"fsck {tmp_path}")
    assert code == 2
    assert "is neither a dataset (it would hold _manifest/v000001.json) nor a run" in output
