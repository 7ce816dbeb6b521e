"""Checks the audit that `interlink demo` made: `python -m interlink.examples.check_audit [FOLDER]`.

Reads the page's data as a browser gets them, and decodes every clip.
"""

import json
import sys
from pathlib import Path
from typing import Any

import av
from PIL import Image

from ..pipeline.audit.plan import SITE_FOLDER, read_plan
from ..pipeline.storage.store import Store
from ..schemas.errors import UsageError
from .check_demo import demand, run_check


def check_audit(folder: Path) -> str:
    """Check the folder of an audit.

    Args:
        folder: what `interlink audit sample --output` was given.

    Returns:
        What was found, in one line.

    Raises:
        UsageError: something is missing or wrong.
    """
    plan = read_plan(Store(str(folder)))
    site = folder / SITE_FOLDER
    for name in ("index.html", "app.js", "app.css"):
        demand((site / name).is_file(), f"{name} of the page is missing")
    rows = _listed(site / "data" / "audit.js")
    expected = [item.item_id for item in plan.items]
    demand([row["item_id"] for row in rows] == expected, "the page lists other items than the plan")
    items = [item for path in sorted(site.glob("data/items-*.js")) for item in _listed(path)]
    demand([item["item_id"] for item in items] == expected, "the page holds other items")
    for item in items:
        demand(bool(item["media"]), f"clip {item['clip_id']} does not play")
        demand(bool(item["sheet"]), f"clip {item['clip_id']} has no contact sheet")
    for source in {item["sheet"]["src"] for item in items}:
        with Image.open(site / source) as picture:
            picture.load()
    clips = {item["media"]["src"] for item in items}
    for source in clips:
        _check_plays(site / source)
    return f"{folder} is whole: {len(items)} items to judge, {len(clips)} clips play"


def _listed(path: Path) -> list[dict[str, Any]]:
    """Return the items, or their rows in the list, that a data file hands to the page."""
    text = path.read_text("ascii")
    value = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    listed: list[dict[str, Any]] = value["rows"] if isinstance(value, dict) else value
    return listed


def _check_plays(path: Path) -> None:
    """Every browser plays H.264 with 4:2:0 pictures."""
    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            found = f"{video.codec_context.name} {video.codec_context.pix_fmt}"
            has_picture = any(True for _ in container.decode(video))
    except av.FFmpegError as error:
        raise UsageError(f"{path.name} does not decode: {error.strerror}") from error
    demand(found in ("h264 yuv420p", "h264 yuvj420p"), f"{path.name} is {found}")
    demand(has_picture, f"{path.name} has no picture")


if __name__ == "__main__":
    sys.exit(run_check(check_audit, "demo/audit"))
