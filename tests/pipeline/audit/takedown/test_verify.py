"""Whether anything is left in an audit's folder: every file is named."""

from interlink.pipeline.audit.takedown.folder import clean_audit
from interlink.pipeline.audit.takedown.verify import left_in_audit
from interlink.schemas.denied import Denied


def names(judged, denied: Denied) -> set[str]:
    return {
        path.relative_to(judged.folder).as_posix().split("/")[0]
        for path, _ in left_in_audit(judged.folder, denied)
    }


def test_every_place_is_named_before_and_none_after(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    assert names(judged, denied) == {
        "items.parquet",
        "ratings",
        "ratings-ann.jsonl",
        "report",
        "site",
        "export",
    }
    before = {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()}
    assert before == {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()}
    clean_audit(judged.folder, denied)
    assert names(judged, denied) == set()


def test_a_picture_alone_is_found(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    clean_audit(judged.folder, denied)
    clip = judged.documents["v0"].clips[0].clip_id
    (judged.folder / "site" / "sheets" / f"{clip}.jpg").write_bytes(b"picture")
    assert names(judged, denied) == {"site"}
