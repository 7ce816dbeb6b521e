"""Clips out of a real dataset: its media file is written as the pipeline writes it."""

import hashlib

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.site.media import WantedClip, write_media
from interlink.pipeline.dataset.versions import commit_version, read_manifest
from interlink.pipeline.parts.commit import KEPT_NAME, Commit
from interlink.pipeline.parts.workspace import MEDIA_NAME, CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import to_table
from interlink.schemas.document import Document
from interlink.schemas.errors import UsageError
from interlink.schemas.manifest import Provenance
from interlink.schemas.reference import Media

SECOND = 1_000_000


@pytest.fixture
def publish(tmp_path, make_documents):
    """Writes a dataset with these files as the clips `<name>0`, `<name>1`, ...; returns it."""

    def put(run, name, path):
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        run.put_file(f"steps/assemble/p/a/{name}", path)
        return CommittedFile(path=f"steps/assemble/p/a/{name}", num_bytes=len(data), sha256=sha256)

    def publish(*contents, name="c"):
        run, dataset = Store(str(tmp_path / "made")), Store(str(tmp_path / "dataset"))
        docs, media = tmp_path / "docs.parquet", tmp_path / "media.parquet"
        write_records(docs, make_documents("a"), Document)
        rows = [
            Media(
                owner_id=f"{name}{number}",
                kind="clip",
                start_us=0,
                end_us=SECOND,
                mime="video/mp4",
                sha256=hashlib.sha256(content).hexdigest(),
                bytes=content,
            )
            for number, content in enumerate(contents)
        ]
        pq.write_table(to_table(rows, Media), media, row_group_size=2, write_page_checksum=True)
        commit = Commit(
            part="001-00000",
            step="assemble",
            key="k",
            attempt="a",
            num_kept=1,
            stages=(),
            files=(put(run, KEPT_NAME, docs), put(run, MEDIA_NAME, media)),
            wall_s=0.0,
        )
        provenance = Provenance(run="r", recipe_digest="d", code_version="0", created="2025-01-01")
        commit_version(run, dataset, [commit], provenance=provenance)
        return dataset, read_manifest(dataset)

    return publish


def wanted(lead_in_us=0):
    return WantedClip(start_us=10 * SECOND, end_us=11 * SECOND, lead_in_us=lead_in_us)


def test_wanted_clips_alone_are_written_with_their_place_on_the_clock(
    publish, make_video, tmp_path
):
    playable = make_video("a.mp4", shots=(1.5,)).path.read_bytes()
    other = make_video("b.mkv", shots=(1.5,), codec="vp9").path.read_bytes()
    dataset, manifest = publish(playable, b"unwanted", other)
    found = write_media(
        dataset, manifest, {"c0": wanted(), "c2": wanted(400_000)}, tmp_path / "site"
    )
    assert sorted(p.name for p in (tmp_path / "site/media").iterdir()) == ["c0.mp4", "c2.mp4"]
    assert (tmp_path / "site/media/c0.mp4").read_bytes() == playable
    assert found["c0"].start_us == 10 * SECOND
    assert found["c2"].start_us == 10 * SECOND  # encoded anew, without its lead-in
    assert found["c2"].src == "media/c2.mp4"


def test_a_copy_that_keeps_its_lead_in_starts_that_much_earlier(publish, make_video, tmp_path):
    dataset, manifest = publish(make_video("a.mp4", shots=(1.5,)).path.read_bytes())
    found = write_media(dataset, manifest, {"c0": wanted(400_000)}, tmp_path / "site")
    assert found["c0"].start_us == 10 * SECOND - 400_000


def test_a_clip_that_cannot_be_decoded_is_left_out_with_a_warning(publish, tmp_path, caplog):
    dataset, manifest = publish(b"no video at all")
    assert write_media(dataset, manifest, {"c0": wanted()}, tmp_path / "site") == {}
    assert "clip c0 is shown by its contact sheet" in caplog.text
    assert list((tmp_path / "site/media").iterdir()) == []


def test_an_id_that_leads_out_of_the_folder_is_refused(publish, tmp_path):
    dataset, manifest = publish(b"anything", name="../../up")
    with pytest.raises(UsageError, match=r"clip_id='../../up0' cannot name a file"):
        write_media(dataset, manifest, {"../../up0": wanted()}, tmp_path / "a/site")
    assert list(tmp_path.rglob("up0*")) == []
