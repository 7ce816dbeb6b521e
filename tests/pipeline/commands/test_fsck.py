"""`interlink fsck`: exit codes, findings, repairs."""

import pytest

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.parts.commit import KEPT_NAME, read_commit
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import run_recipe
from interlink.pipeline.storage.store import Store


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
    assert "nothing to tell; every byte of what its versions name and of funnels was read" in output


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
    assert (
        "mend its run first (`interlink fsck RUN --deep --repair`), then run it again, then "
        f"`interlink fsck {published.dataset.url} --deep --repair` once more"
    ) in output
    code, output = interlink(f"fsck {run.url} --deep --repair")
    assert code == 0
    assert "withdrawn: the next run does it again" in output
    assert read_commit(run, folder, part) is None


def test_what_is_told_mends_a_shard_that_is_one_file_with_that_of_the_run(
    make_video, here, interlink
):
    make_video("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    facts = {"backend": "facts", "read_screen_text": False}
    content = {"sources": "a.mp4", "run": "run", "caption": {"captioner": facts}}
    dataset = run_recipe(make_recipe(content), engine="local").dataset_url
    [shard] = read_shards(Store(dataset), read_manifest(Store(dataset)))
    with (here / dataset / shard.docs_path).open("r+b") as file:
        byte = file.read(1000)[-1]
        file.seek(999)
        file.write(bytes([byte ^ 1]))
    code, output = interlink(f"fsck {dataset} --deep --repair")
    assert code == 5
    assert f"then run it again, then `interlink fsck {dataset} --deep --repair` once more" in output
    assert interlink("fsck run --deep --repair")[0] == 0
    run_recipe(make_recipe(content), engine="local")
    code, output = interlink(f"fsck {dataset} --deep --repair")
    assert (code, f"repaired {dataset}/{shard.docs_path}: restored from" in output) == (0, True)
    assert interlink(f"fsck {dataset} --deep")[0] == 0


def test_a_damaged_funnel_comes_with_its_own_remedy(published, interlink):
    published.dataset.put("funnel/001.parquet", b"torn")
    code, output = interlink(f"fsck {published.dataset.url} --deep")
    assert code == 5
    assert "remove it, then run its recipe again, which writes it anew" in output
    assert f"1 things are wrong with {published.dataset.url}: do what is said of each" in output


def test_a_place_that_is_neither_is_refused(tmp_path, interlink):
    code, output = interlink(f"fsck {tmp_path}")
    assert code == 2
    assert "is neither a dataset (it would hold _manifest/v000001.json) nor a run" in output
