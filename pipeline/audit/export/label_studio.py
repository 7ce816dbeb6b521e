"""Tasks, labelling configuration and files for Label Studio.

```
tasks.json  config.xml  README.md      to import, to paste, to read
files/media/<clip_id>.mp4  files/sheets/<clip_id>.jpg
```

Label Studio serves the files itself, by paths relative to its document root, which is this folder.
What it exports is read by `ratings/label_studio.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..site.data import SiteItem
from ..site.reader import ReviewSite
from .files import place_file
from .instructions import GUIDE_NAME, rules, write_text
from .label_studio_config import label_config
from .rating_sheet import lines, spoken

TASKS_NAME, CONFIG_NAME, FILES_FOLDER = "tasks.json", "config.xml", "files"


def write_label_studio(site: ReviewSite, folder: Path) -> None:
    """Write tasks, configuration, files, and how to set Label Studio up."""
    rows = site.audit.rows
    has_media = any(row.has_media for row in rows)
    config = label_config(
        site.audit.rubric, has_two=any(row.num_texts > 1 for row in rows), has_media=has_media
    )
    (folder / CONFIG_NAME).write_text(config, encoding="utf-8", newline="\n")
    titles = {row.item_id: row.title for row in rows}
    with (folder / TASKS_NAME).open("w", encoding="ascii", newline="\n") as file:
        separator = "[\n"
        for item in site.items():
            for src in _sources(item):
                place_file(site.folder / src, folder / FILES_FOLDER / src)
            file.write(separator + json.dumps({"data": _data(item, site, titles[item.item_id])}))
            separator = ",\n"
        file.write("\n]\n")
    write_text(folder / GUIDE_NAME, _guide(site))


def _data(item: SiteItem, site: ReviewSite, title: str) -> dict[str, object]:
    """Return what a task holds; every name that the configuration shows is there, if empty."""
    texts = {text.side: text for text in item.texts}
    data: dict[str, object] = {
        "audit_id": site.audit.audit_id,
        "item_id": item.item_id,
        "title": title,
        "uri": item.source.uri,
        "video": _url(item.media.src) if item.media else "",
        "sheet": _url(item.sheet.src) if item.sheet else "",
        "heard": "\n".join(filter(None, (spoken(item), lines(item.screen_text)))),
    }
    for side in ("a", "b"):
        text = texts.get(side)
        data[f"caption_{side}"] = text.text if text else ""
        claims = text.claims if text else ()
        data[f"claims_{side}"] = [{"text": claim.text} for claim in claims]
    return data


def _sources(item: SiteItem) -> Iterator[str]:
    for file in (item.media, item.sheet):
        if file is not None:
            yield file.src


def _url(src: str) -> str:
    return f"/data/local-files/?d={quote(f'{FILES_FOLDER}/{src}')}"


def _guide(site: ReviewSite) -> list[str]:
    return [
        "# Judging in Label Studio",
        "1. Start Label Studio with two settings:\n"
        "   `LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true` and\n"
        "   `LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=`*the absolute path of this folder*.\n"
        f"2. Make a project and paste `{CONFIG_NAME}` under Labeling Setup, Custom template,\n"
        "   Code.\n"
        "3. Under Settings, Cloud Storage, add a source storage of the type Local files with the\n"
        f"   absolute path of the folder `{FILES_FOLDER}`. Save it, and do not sync it: it allows\n"
        "   Label Studio to serve the files.\n"
        f"4. Import `{TASKS_NAME}`.\n"
        "5. When it is judged, export as JSON (not JSON-MIN) and run\n"
        "   `interlink audit import AUDIT project.json`. Raters are told apart by who completed\n"
        "   an annotation; drafts and skipped tasks are left out.",
        "## How to judge",
        rules(site.audit.rubric),
    ]
