"""The funnel: a row for each source and clip, and none is lost."""

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.funnel import funnel_path, funnel_rows, read_funnel
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import from_table
from interlink.schemas.funnel import FunnelKind, FunnelRow
from interlink.schemas.ids import source_id
from interlink.schemas.outcome import Disposition, Outcome


def test_the_funnel_has_a_row_for_each_source_and_clip(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b", missing=1))
    dataset = Store(recipe.dataset_url)
    with dataset.open(funnel_path(1)) as file:
        rows = from_table(pq.read_table(file), FunnelRow)
    sources = {row.id: row for row in rows if row.kind is FunnelKind.SOURCE}
    clips = [row for row in rows if row.kind is FunnelKind.CLIP]
    gone = sources[source_id("gone0")]
    assert (len(sources), len(clips)) == (3, 6)
    assert (gone.disposition, gone.code, gone.step, gone.video_id) == (
        Disposition.FAILED,
        "http_404",
        "fetch",
        None,
    )
    rejected = [row for row in clips if row.disposition is Disposition.REJECTED]
    assert [(r.stage, r.code, r.value) for r in rejected] == [("filters", "score_below", 0.5)] * 2
    assert {row.stage for row in clips if row.disposition is Disposition.KEPT} == {"documents"}
    assert all(sources[row.source_id].video_id == row.video_id for row in clips)


def test_what_a_killed_run_left_unfinished_is_no_funnel(tmp_path):
    dataset = Store(str(tmp_path))
    for name in (".002.parquet.0f.tmp", "002.parquet.0f.tmp"):
        dataset.put(f"funnel/{name}", b"PAR1")
    assert read_funnel(dataset).num_rows == 0


def test_a_lost_clip_is_found_out():
    outcome = Outcome(
        input_id="v",
        step="cut",
        stage="clips",
        disposition=Disposition.KEPT,
        num_outputs=2,
        owner_id="s",
    )
    with pytest.raises(RuntimeError, match="has 0 clips, but 2 were chosen"):
        list(funnel_rows([outcome], {"s": "v"}))
