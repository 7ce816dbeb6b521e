"""The review site: a static folder that opens from `file://` and asks nobody for anything.

```
index.html  app.js  app.css            the page, built from `site/` and shipped with the package
data/audit.js  data/items-0000.js ...  JSON, handed to the page by one call, because a page from
                                       `file://` may not fetch
media/<clip_id>.mp4  sheets/<clip_id>.jpg
```
"""

import hashlib
import importlib.resources
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import jinja2

from ....schemas.arrow import to_plain
from ..rubric import make_rubric
from .data import Row, SiteAudit, SiteItem

CHUNK_SIZE = 50
"""Items in one data file: about 200 KB with a page of words each."""
EXCERPT_CHARS = 160
"""Of the first caption, for the list and its search."""

_PAGE_FILES = ("app.js", "app.css")
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' "
    "data:; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types interlink-data"
)
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write_site(
    folder: Path,
    items: Iterable[SiteItem],
    *,
    audit_id: str,
    title: str,
    dataset_version: int,
    view: str | None,
) -> list[Path]:
    """Write the page and its data; `media` and `sheet` put clips and pictures beside them.

    Items are written as they come, one file of `CHUNK_SIZE` at a time.

    Args:
        folder: where to; made if need be.
        items: in the order of judging.
        audit_id: the audit.
        title: name of the dataset.
        dataset_version: its version.
        view: the view that was sampled.

    Returns:
        The files written.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    written = []
    for number, chunk in enumerate(_chunks(items)):
        rows += [make_row(item) for item in chunk]
        name = f"items-{number:04d}"
        written.append(data / f"{name}.js")
        written[-1].write_bytes(script(name, [to_plain(item) for item in chunk]))
    audit = SiteAudit(
        audit_id=audit_id,
        title=title,
        dataset_version=dataset_version,
        view=view,
        chunk_size=CHUNK_SIZE,
        rubric=make_rubric(),
        rows=tuple(rows),
    )
    written.append(data / "audit.js")
    written[-1].write_bytes(script("audit", to_plain(audit)))
    return written + _write_page(folder, audit)


def make_row(item: SiteItem) -> Row:
    """Return what the list shows of an item."""
    source = item.source
    return Row(
        item_id=item.item_id,
        title=source.title or source.uri.rstrip("/").rsplit("/", 1)[-1],
        group=item.group,
        excerpt=item.texts[0].text[:EXCERPT_CHARS],
        language=source.language,
        start_us=item.start_us,
        end_us=item.end_us,
        has_media=item.media is not None,
        num_texts=len(item.texts),
        num_claims=sum(len(text.claims) for text in item.texts),
        sheet=item.sheet,
    )


def script(name: str, value: object) -> bytes:
    """Return a data file: ASCII alone, with nothing in it that could end a script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return f'interlinkAudit("{name}",{text.translate(_ESCAPES)});\n'.encode("ascii")


def _write_page(folder: Path, audit: SiteAudit) -> list[Path]:
    """Write the page; its nonce is a digest, so that the same audit gives the same bytes."""
    page = importlib.resources.files(__package__) / "page"
    files = {name: (page / name).read_bytes() for name in _PAGE_FILES}
    seen = [audit.audit_id.encode(), *(files[name] for name in _PAGE_FILES)]
    nonce = hashlib.sha256(b"\0".join(seen)).hexdigest()[:32]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((page / "index.html").read_text("utf-8"))
    html = template.render(
        title=f"Audit: {audit.title}", nonce=nonce, policy=_POLICY.format(nonce=nonce)
    )
    files["index.html"] = html.encode("utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _chunks(items: Iterable[SiteItem]) -> Iterator[list[SiteItem]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, CHUNK_SIZE)):
        yield chunk
