"""An audit's folder without what was taken down; what is left of it is an audit as before."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.audit.plan import PLAN_NAME, read_plan, write_plan
from interlink.pipeline.audit.ratings.store import stored_ratings
from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.audit.site.reader import open_site
from interlink.pipeline.audit.takedown.folder import clean_audit
from interlink.pipeline.audit.takedown.verify import left_in_audit
from interlink.pipeline.storage.store import Store
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key


def places(folder: Path, *needles: str) -> set[str]:
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += str(pq.read_table(path).to_pylist()).encode()
        if any(needle.encode() in data for needle in needles):
            found.add(path.relative_to(folder).as_posix())
    return found


def test_all_that_tells_of_a_video_goes_and_the_audit_of_the_rest_goes_on(judged):
    gone = judged.documents["v0"]
    assert len(places(judged.folder, "heron 00", "heron 01")) >= 12
    others = places(judged.folder, "heron 10")
    changes = clean_audit(judged.folder, Denied(videos=frozenset({gone.video_id})))
    assert changes.num_items >= 2
    assert places(judged.folder, "heron 00", "heron 01", gone.video_id) == set()
    assert places(judged.folder, *(clip.clip_id for clip in gone.clips)) == set()
    names = {path.stem for path in judged.folder.rglob("*.jpg")}
    assert names.isdisjoint(clip.clip_id for clip in gone.clips)
    assert places(judged.folder, "heron 10") == others

    plan = read_plan(Store(str(judged.folder)))
    assert open_site(judged.folder, plan).audit.audit_id == plan.audit_id
    ratings = stored_ratings(Store(str(judged.folder)), plan)
    assert {rating.item_id for rating in ratings} == {item.item_id for item in plan.items}
    report = make_report(plan, ratings)
    assert (report.population, report.num_planned, report.num_rated) == (2, 2, 2)
    assert plan.num_excluded == 2


def test_doing_it_again_changes_nothing(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    clean_audit(judged.folder, denied)
    before = {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()}
    again = clean_audit(judged.folder, denied)
    assert (again.num_items, again.files) == (0, ())
    assert {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()} == before


def test_a_clip_goes_out_of_the_context_of_its_neighbours_too(judged):
    document = judged.documents["v0"]
    clip = document.clips[0]
    denied = Denied(
        clips=frozenset({clip.clip_id}),
        spans={document.video_id: ((clip.start_us, clip.end_us),)},
    )
    clean_audit(judged.folder, denied)
    assert places(judged.folder, "heron 00") == set()
    assert places(judged.folder, "heron 01") != set()


def test_a_group_goes_by_its_digest(judged):
    group = judged.documents["v0"].source.group
    changes = clean_audit(judged.folder, Denied(groups=frozenset({group_key(group)})))
    assert changes.num_items == 6
    assert places(judged.folder, "heron") == set()


def test_the_name_of_a_group_goes_and_the_sample_is_of_the_others(tmp_path, audited):
    """Also where clips of it were not drawn: its stratum is no more."""
    groups, documents = ("@jane, and co", "@joe"), []
    for group, made in zip(groups, audited.documents(2, clips=3), strict=True):
        document = replace(made, source=replace(made.source, group=group))
        documents.append(audited.with_texts(document, *[[{"text": "A heron wades."}]] * 3))
    settings = AuditSettings(
        num_clips=4, strata=("language", "group", "speech"), repeat_share=0.0, perturbed_share=0.0
    )
    folder = Store(str(tmp_path / "audit"))
    write_plan(folder, draw_sample(audited.write(documents), settings))
    assert places(tmp_path / "audit", "@jane, and co") == {"plan.json", "items.parquet"}
    clean_audit(tmp_path / "audit", Denied(groups=frozenset({group_key("@jane, and co")})))
    assert places(tmp_path / "audit", "@jane") == set()
    plan = read_plan(folder)
    [size] = plan.sizes
    assert "group=@joe" in size.stratum
    assert (size.population, size.sampled, plan.num_excluded) == (3, 2, 3)


@pytest.mark.parametrize("killed_at", range(1, 20, 3))
def test_whoever_is_interrupted_does_it_again(judged, monkeypatch, killed_at):
    class Killed(BaseException):
        """As good as a kill: nobody catches it."""

    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    count = 0

    def deadly(change):
        def changed(*args, **named):
            nonlocal count
            count += 1
            if count == killed_at:
                raise Killed
            return change(*args, **named)

        return changed

    with monkeypatch.context() as patched:
        for owner, names in ((Store, ("put",)), (Path, ("replace", "unlink"))):
            for name in names:
                patched.setattr(owner, name, deadly(getattr(owner, name)))
        with pytest.raises(Killed):
            clean_audit(judged.folder, denied)
    clean_audit(judged.folder, denied)
    assert places(judged.folder, "heron 00", "heron 01") == set()
    assert list(left_in_audit(judged.folder, denied)) == []
    assert (judged.folder / PLAN_NAME).exists()
