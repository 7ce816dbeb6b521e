"""The folder as a browser gets it, parsed by the standard library: hostile text is only text."""

import dataclasses
import hashlib
import html.parser
import json
import re
from pathlib import Path

import pytest

from interlink.pipeline.audit.site.data import (
    Context,
    Neighbour,
    SiteClaim,
    SiteItem,
    SiteSource,
    SiteText,
    SiteWord,
)
from interlink.pipeline.audit.site.folder import CHUNK_SIZE, script, write_site
from interlink.schemas.text import TextKind

ROOT = Path(__file__).parents[4]
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '=HYPERLINK("http://x.example")',
    "‮gnp.exe⁦",
    "\x00\x1b[31mred",
    "\u2028\u2029",
    "\ud800",
    "&lt;b&gt;",
    "👩‍👩‍👧",
    "{{ 7 * 7 }}{% raw %}",
    "__proto__",
    "x" * (1 << 20),
]


def make_item(number=0, text="A red circle.", **fields):
    claims = (SiteClaim(number=0, text=text),)
    given = {
        "item_id": f"item{number}",
        "clip_id": "c" * 32,
        "document_id": "d",
        "video_id": "v",
        "group": text,
        "start_us": 1_000_000,
        "end_us": 5_000_000,
        "media": None,
        "sheet": None,
        "texts": (
            SiteText(
                side="a",
                kind=TextKind.CAPTION,
                text=text,
                status="ok",
                writer=text,
                claims=claims,
                facts=(),
            ),
        ),
        "words": (SiteWord(text=text, start_us=1_000_000, end_us=1_200_000, probability=0.5),),
        "speech": (),
        "screen_text": (),
        "context": Context(
            start_us=0,
            end_us=9_000_000,
            clips=(Neighbour(start_us=1_000_000, end_us=5_000_000, is_this=True, texts=()),),
            gaps=(),
        ),
        "scores": (),
        "flags": (),
        "source": SiteSource(
            title=text,
            creator=text,
            creator_uri=f"javascript:{text}",
            uri="https://example.org/channel/a.mp4",
            site=None,
            published=None,
            language="en",
            license="CC0-1.0",
            license_raw=None,
            license_source="manifest",
        ),
        "provenance": (),
    }
    return SiteItem(**(given | fields))


def write(folder, items, title="Demo"):
    return write_site(
        folder, items, audit_id="a" * 32, title=title, dataset_version=3, view="clean"
    )


def read(path):
    """Return the name and value that a data file hands over, as a browser would parse it."""
    found = re.fullmatch(
        r'interlinkAudit\("([\w-]+)",(.*)\);\n', path.read_text("ascii"), re.DOTALL
    )
    assert found is not None
    return found[1], json.loads(found[2])


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def test_data_come_back_as_they_were_whatever_they_are(tmp_path):
    items = [make_item(number, text) for number, text in enumerate(HOSTILE)]
    write(tmp_path, items)
    name, values = read(tmp_path / "data/items-0000.js")
    assert name == "items-0000"
    assert [value["texts"][0]["text"] for value in values] == HOSTILE
    assert [value["source"]["title"] for value in values] == HOSTILE


def test_no_data_file_can_end_its_script_or_start_another(tmp_path):
    write(tmp_path, [make_item(number, text) for number, text in enumerate(HOSTILE)])
    for path in (tmp_path / "data").iterdir():
        content = path.read_bytes()
        assert content.isascii()
        assert not set(content) & set(b"<>&")
        assert content.count(b"\n") == 1


def test_the_page_has_three_own_files_and_nothing_of_the_data(tmp_path):
    write(tmp_path, [make_item()], title=HOSTILE[1])
    page = Page((tmp_path / "index.html").read_text())
    assert [tag for tag, _ in page.elements].count("img") == 0
    used = [a.get("src") or a.get("href") for tag, a in page.elements if tag in ("script", "link")]
    assert used == ["data:,", "app.css", "app.js", "data/audit.js"]
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]


def test_the_policy_lets_in_only_what_carries_the_nonce(tmp_path):
    write(tmp_path, [make_item()])
    page = Page((tmp_path / "index.html").read_text())
    policies = [a["content"] for tag, a in page.elements if a.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    nonces = {
        a["nonce"] for tag, a in page.elements if tag == "script" or "stylesheet" in a.values()
    }
    assert len(nonces) == 1
    nonce = nonces.pop()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == f"'nonce-{nonce}'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert not re.search(r"unsafe|https?:|\*", policies[0])


def test_nothing_of_the_page_asks_for_another_address(tmp_path):
    for path in write(tmp_path, [make_item()]):
        text = path.read_text()
        if path.suffix in (".html", ".css") or path.name == "app.js":
            assert not re.search(r"(src|href|url)\W{1,3}https?:", text), path.name


def test_the_shipped_script_never_parses_markup(tmp_path):
    write(tmp_path, [make_item()])
    script_text = (tmp_path / "app.js").read_text()
    for name in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
    ):
        assert name not in script_text


def test_items_are_split_into_files_and_listed_in_order(tmp_path):
    items = [make_item(number) for number in range(2 * CHUNK_SIZE + 3)]
    write(tmp_path, iter(items))
    _, audit = read(tmp_path / "data/audit.js")
    assert [row["item_id"] for row in audit["rows"]] == [item.item_id for item in items]
    sizes = [len(read(tmp_path / f"data/items-{n:04d}.js")[1]) for n in range(3)]
    assert sizes == [CHUNK_SIZE, CHUNK_SIZE, 3]
    assert audit["chunk_size"] == CHUNK_SIZE


def test_the_same_items_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, [make_item()])
    names = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(names) == 5
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_video_without_a_title_is_listed_by_its_address(tmp_path):
    item = make_item()
    source = dataclasses.replace(item.source, title=None)
    write(tmp_path, [dataclasses.replace(item, source=source)])
    assert read(tmp_path / "data/audit.js")[1]["rows"][0]["title"] == "a.mp4"


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        script("x", {"value": float("nan")})


def test_the_shipped_page_is_built_from_the_source_beside_it():
    """As in `site/build.mjs`; a failure says: `cd site && npm ci && npm run build`."""
    hashed = hashlib.sha256()
    for path in sorted((ROOT / "site/src").iterdir(), key=lambda path: path.name):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in ("app.js", "app.css", "theme.css"):
        assert hashed.hexdigest() in (ROOT / "pipeline/audit/site/page" / name).read_text(), name
