"""`interlink takedown`: what it asks for, what it says, what it leaves."""

import pytest

from interlink.pipeline.audit.plan import put_plan
from interlink.pipeline.audit.takedown.verify import LeftInAudit
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store


@pytest.fixture
def dataset(published) -> str:
    return published.dataset.url


def test_apply_tells_what_it_did_and_verify_what_it_looked_at(published, dataset, interlink):
    uri = "https://example.org/channel/a.mp4"
    code, output = interlink(f"takedown apply {dataset} --source {uri} --reason 'ticket 1'")
    assert code == 0
    assert "to take down: 1 source, 1 video" in output
    assert f"dataset  {dataset}: version 2" in output
    assert "1 document fewer, 0 shards written again, 1 emptied; 2 earlier files" in output
    assert "earlier versions can no longer be read whole: 1" in output
    assert f"run      {published.run.url}: 3 parts of steps cleaned" in output
    assert f"next: interlink takedown verify {dataset}" in output
    assert set(published.documents) == {"b", "c"}
    code, output = interlink(f"takedown verify {dataset}")
    assert code == 0
    assert "searched for 1 source, 1 video, as version 2 names them" in output
    assert "2 shards, 0 other files of shards, 1 funnels, 0 published audits" in output
    assert "1 plans, 5 steps, 3 parts that held any of it" in output
    assert "nothing is left of it" in output
    assert output.rstrip().endswith(
        "not looked at: scratch folders on other machines, and folders of `interlink replay`"
    )


def test_a_dry_run_tells_and_changes_nothing(published, dataset, interlink, tmp_path):
    scratch = [published.run.local_path("scratch"), tmp_path / "shared"]
    published.run.put("recipe.yaml", f"scratch: {scratch[1]}\n".encode())
    for place in scratch:
        (place / "0123456789ab").mkdir(parents=True)
        (place / "0123456789ab" / "media.parquet").write_bytes(b"half")
    before = published.files
    video = published.documents["a"].video_id
    code, output = interlink(f"takedown apply {dataset} --hash {video} --reason r --dry-run")
    assert code == 0
    assert "to take down: 1 video, 1 source" in output
    assert "files to write, 2 to remove, and its card to write again" in output
    assert "2 scratch folders" in output
    assert "nothing was changed" in output
    assert published.files == before
    assert (scratch[1] / "0123456789ab" / "media.parquet").exists()


def test_a_dry_run_before_anything_is_published_tells_what_would_be_there(run, run_plan, interlink):
    run_plan(1, "a", "b")
    line = f"takedown apply {run.url}/dataset --run {run.url} --source s --reason r --dry-run"
    code, output = interlink(line)
    assert code == 0, output
    assert f"dataset  {run.url}/dataset: 1 file to write, 0 to remove" in output
    assert not run.is_folder("dataset")


def test_a_dry_run_of_what_was_interrupted_tells_of_the_audits_too(
    published, dataset, interlink, monkeypatch
):
    source = published.documents["a"].source.source_id
    interlink(f"takedown apply {dataset} --source {source} --reason r")
    asked = []
    monkeypatch.setattr(
        "interlink.pipeline.commands.takedown_text.left_in_audit",
        lambda folder, denied: (
            asked.append((folder.name, denied.sources))
            or [LeftInAudit(path=folder / "items.parquet", what="1 row")]
        ),
    )
    audit = published.run.local_path("audit/first")
    audit.mkdir(parents=True)
    (audit / "plan.json").write_text("{}")
    (audit / "items.parquet").write_bytes(b"")
    code, output = interlink(f"takedown apply {dataset} --dry-run")
    assert (code, "1 file to change" in output) == (0, True), output
    assert asked == [("first", frozenset({source}))]


def test_the_same_again_says_that_nothing_is_new(published, dataset, interlink):
    source = published.documents["a"].source.source_id
    line = f"takedown apply {dataset} --source {source} --reason r"
    interlink(line)
    before = published.files
    code, output = interlink(line)
    assert code == 0
    assert "to take down: nothing more than earlier tombstones name" in output
    assert "nothing is here of" not in output
    assert "version 2, as before" in output
    assert published.files == before


def test_what_is_nowhere_is_said_to_be_kept_out(dataset, interlink):
    code, output = interlink(f"takedown apply {dataset} --source unknown --clip c9 --reason r")
    assert code == 0
    assert "nothing is here of source unknown: it is kept out from now on" in output
    assert "nothing is here of clip c9" in output


def test_a_list_names_many_things_with_their_reasons(published, dataset, interlink, tmp_path):
    path = tmp_path / "names.csv"
    clip = published.documents["b"].clips[0].clip_id
    path.write_text(
        f"source,clip,reason\n{published.documents['a'].source.source_id},,ticket 7\n,{clip},\n"
    )
    code, output = interlink(f"takedown apply {dataset} --list {path} --reason other")
    assert code == 0, output
    reasons = {s.id: s.reason for s in read_manifest(published.dataset).tombstones}
    assert reasons[clip] == "other"
    assert "ticket 7" in reasons.values()


def test_a_reason_is_asked_for(dataset, interlink):
    code, output = interlink(f"takedown apply {dataset} --source a")
    assert (code, "say why, with --reason" in output) == (2, True)


def test_verify_ends_with_5_and_names_the_places(published, dataset, interlink, tmp_path):
    [name, *_] = published.dataset.names("docs")
    old = {n: published.dataset.read(f"docs/{n}") for n in published.dataset.names("docs")}
    source = published.documents["a"].source.source_id
    interlink(f"takedown apply {dataset} --source {source} --reason r")
    for name, content in old.items():
        if not published.dataset.exists(f"docs/{name}"):
            published.dataset.put(f"docs/{name}", content)
            break
    code, output = interlink(f"takedown verify {dataset}")
    assert code == 5
    assert f"left     {dataset}/docs/{name}: an earlier or stray file that holds it" in output
    assert "something is left, or may be, in 1 places; stop the run, give" in output


def test_a_file_that_cannot_be_looked_into_is_told(
    published, dataset, interlink, made_audit, tmp_path
):
    audit, folder = made_audit(), tmp_path / "judged"
    audit.add("c1")
    put_plan(Store(str(folder)), audit.plan)
    (folder / "sheet.xlsx").write_bytes(b"PK")
    source = published.documents["a"].source.source_id
    options = f"{dataset} --audit {folder}"
    told = f"{folder}/sheet.xlsx: it could not be looked into (it is a workbook): look yourself"
    code, output = interlink(f"takedown apply {options} --source {source} --reason r --dry-run")
    assert (code, f"audit    {folder}: 0 files to change" in output) == (0, True)
    code, output = interlink(f"takedown apply {options} --source {source} --reason r")
    assert (code, told in output) == (0, True)
    code, output = interlink(f"takedown verify {options}")
    assert (code, told in output, "nothing is left of it" in output) == (5, True, False)


def test_without_anything_to_take_down_it_finishes_what_was_begun(published, dataset, interlink):
    source = published.documents["a"].source.source_id
    elsewhere = f"{published.run.url}/../no-run-here"
    assert interlink(f"takedown apply {dataset} --run {elsewhere} --source s --reason r")[0] == 2
    interlink(f"takedown apply {dataset} --source {source} --reason r")
    code, output = interlink(f"takedown apply {dataset}")
    assert code == 0
    assert "nothing more than earlier tombstones name" in output
