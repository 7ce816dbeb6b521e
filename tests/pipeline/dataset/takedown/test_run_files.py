"""A run without what was taken down: plans, parts, attempts, scratch; and what its recipe names."""

import time

import pyarrow.parquet as pq
import yaml

from interlink.pipeline.dataset.run_commits import current_folders
from interlink.pipeline.dataset.takedown.run_files import clean_run
from interlink.pipeline.parts.plan import plan_path, plan_sources
from interlink.pipeline.storage.scratch import ScratchFolder
from interlink.schemas.denied import Denied
from interlink.schemas.ids import source_id
from interlink.schemas.source import Source


def test_the_plan_keeps_parts_and_ids_and_tells_no_more_of_it(published):
    gone = published.documents["a"]
    before = list(plan_sources(published.run, 1))
    with published.run.open(plan_path(1)) as file:
        parts = pq.read_table(file)["part"].to_pylist()
    denied = Denied(sources=frozenset({gone.source.source_id}), videos=frozenset({gone.video_id}))
    changes = clean_run(published.run, denied)
    after = list(plan_sources(published.run, 1))
    assert changes.num_sources == 1
    assert [source.source_id for source in after] == [source.source_id for source in before]
    assert [one for one, other in zip(after, before, strict=True) if one != other] == [
        Source(source_id=gone.source.source_id, uri="")
    ]
    with published.run.open(plan_path(1)) as file:
        assert pq.read_table(file)["part"].to_pylist() == parts
    assert b"channel/a.mp4" not in published.run.read(plan_path(1))
    assert clean_run(published.run, denied).num_sources == 0


def test_unfinished_attempts_and_scratch_go_with_it(published, monkeypatch):
    folder, sources = current_folders(published.run)[1], list(plan_sources(published.run, 1))
    denied = Denied(sources=frozenset({sources[0].source_id}))
    at_its_part, elsewhere = (f"{folder}/001-0000{n}/0123456789ab" for n in (0, 1))
    for attempt in (at_its_part, elsewhere):
        published.run.put(f"{attempt}/media.parquet", b"half a file")
    scratch = published.run.local_path("scratch/ba9876543210")
    scratch.mkdir(parents=True)
    assert clean_run(published.run, denied).num_alive == 1, "it may just be beginning"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    changes = clean_run(published.run, denied)
    assert (changes.num_attempts, changes.num_alive) == (1, 0)
    assert not published.run.is_folder(at_its_part)
    assert published.run.is_folder(elsewhere)
    assert not scratch.exists()


def test_scratch_of_a_living_attempt_of_another_run_stays(published, tmp_path):
    published.run.put("recipe.yaml", f"scratch: {tmp_path / 'shared'}\n".encode())
    living = ScratchFolder(tmp_path / "shared" / "0123456789ab")
    (living.path / "media.parquet").write_bytes(b"half a file")
    assert clean_run(published.run, Denied(sources=frozenset({"s"}))).num_scratch == 0
    assert (living.path / "media.parquet").exists()
    living.close()


def test_what_the_recipe_itself_names_is_told(published):
    sources = ["https://host.org/a.mp4", "https://host.org/b.mp4"]
    published.run.put("recipe.yaml", yaml.safe_dump({"sources": sources}).encode())
    denied = Denied(sources=frozenset({source_id(sources[0])}))
    assert clean_run(published.run, denied).named == (sources[0],)


def test_a_run_that_holds_nothing_of_it_keeps_every_byte(published):
    before = published.files
    changes = clean_run(published.run, Denied(videos=frozenset({"v"}), sources=frozenset({"s"})))
    assert (changes.parts, changes.num_sources) == ((), 0)
    assert published.files == before
