"""The audit of `interlink demo`: all clips of its dataset, to be judged on a page."""

import shutil
from pathlib import Path

from rich.console import Console

from ...schemas.audit import AuditPlan, Role
from ...schemas.errors import UsageError
from ..audit.plan import RATINGS_FOLDER, SITE_FOLDER, write_plan
from ..audit.sample.drawing import draw_sample
from ..audit.sample.settings import AuditSettings
from ..audit.site.build import SiteReport, build_site
from ..storage.store import Store

_MAX_CLIPS = 100
"""As `interlink audit sample` draws; the demo's own videos have two dozen."""
_MARK = "made_by_demo.txt"


def audit_folder(output: Path) -> Path:
    """Return the folder of the audit, under the folder of the demo."""
    return output / "audit"


def make_audit(console: Console, dataset_url: str, output: Path) -> bool:
    """Draw an audit of a dataset and make its page, and say what it holds.

    Args:
        console: where to.
        dataset_url: the dataset.
        output: folder of the demo.

    Returns:
        Whether the audit is there: not where there is nothing to judge, nor where an earlier one
        must stay.
    """
    folder = audit_folder(output)
    console.print("\na page to judge these captions on", style="bold")
    try:
        plan = draw_sample(dataset_url, AuditSettings(num_clips=_MAX_CLIPS))
        _clear(folder, plan.audit_id)
        write_plan(Store(str(folder)), plan)
    except UsageError as error:
        console.print(f"no audit: {error}", soft_wrap=True)
        return False
    site = build_site(plan, folder / SITE_FOLDER, title="demo")
    console.print(_size(plan, site), soft_wrap=True)
    return True


def _clear(folder: Path, audit_id: str) -> None:
    """Delete the audit of an earlier demo of other clips, unless somebody judged them.

    A folder that no demo has marked is somebody's own, and stays as it is.
    """
    mark = folder / _MARK
    is_other = mark.exists() and mark.read_text(encoding="utf-8") != audit_id
    if is_other and not (folder / RATINGS_FOLDER).exists():
        shutil.rmtree(folder)
    if not folder.exists():
        folder.mkdir(parents=True)
        mark.write_text(audit_id, encoding="utf-8")


def _size(plan: AuditPlan, site: SiteReport) -> str:
    roles = [item.role for item in plan.items]
    return (
        f"{site.num_clips} clips, of which {roles.count(Role.REPEAT)} come twice and "
        f"{roles.count(Role.PERTURBED)} again with a planted error; "
        f"{site.num_playable} play, {site.num_bytes / 1e6:.1f} MB"
    )
