"""An audit of a real dataset with all that is made of one: site, ratings, report, exports."""

import json
from pathlib import Path
from typing import Any

import pytest

from interlink.pipeline.audit.export.export import export_audit
from interlink.pipeline.audit.export.formats import FORMATS
from interlink.pipeline.audit.plan import read_plan, write_plan
from interlink.pipeline.audit.ratings.store import import_ratings, stored_ratings
from interlink.pipeline.audit.report.html import render_html
from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.report.markdown import render_markdown
from interlink.pipeline.audit.report.report_file import write_report
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.audit.site.build import build_site
from interlink.pipeline.storage.store import Store


@pytest.fixture
def judged(tmp_path: Path, audited: Any) -> Any:
    """An audit of two videos of two clips, each with a caption of its own, and one item repeated.

    `judged.folder`, `judged.documents` by video.
    """
    documents = {}
    for number, document in enumerate(audited.documents(2, clips=2)):
        texts = [[{"text": f"A heron {number}{clip} wades. It stands still."}] for clip in range(2)]
        documents[f"v{number}"] = audited.with_texts(document, *texts)
    url = audited.write(list(documents.values()))
    folder = tmp_path / "audit"
    plan = draw_sample(url, AuditSettings(num_clips=4, repeat_share=0.5, perturbed_share=0.0))
    store = Store(str(folder))
    write_plan(store, plan)
    build_site(plan, folder / "site", title="birds")
    lines = []
    for item in plan.items:
        claims = [
            {"side": "a", "claim": c.number, "verdict": "wrong"} for c in item.texts[0].claims
        ]
        rating = {"audit_id": plan.audit_id, "item_id": item.item_id, "rater": "ann"}
        rating |= {"clip_verdict": "bad", "claims": claims, "note": f"of {item.texts[0].text}"}
        lines.append(json.dumps(rating) + "\n")
    (folder / "ratings-ann.jsonl").write_text("".join(lines))
    import_ratings(store, [str(folder / "ratings-ann.jsonl")])
    report = make_report(plan, stored_ratings(store, plan))
    write_report(store, report)
    (folder / "report" / "index.html").write_text(render_html(report, folder))
    (folder / "report" / "report.md").write_text(render_markdown(report))
    list(export_audit(folder, list(FORMATS), folder / "export"))
    assert len(read_plan(store).items) == len(plan.items) > 4

    class Judged:
        """See the fixture."""

    made: Any = Judged()
    made.folder, made.documents, made.url = folder, documents, url
    return made
