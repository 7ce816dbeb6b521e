"""The card says what raters found, or that nobody looked; no text of others breaks it."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from interlink.pipeline.audit.plan import read_plan, write_plan
from interlink.pipeline.audit.ratings.store import import_ratings
from interlink.pipeline.audit.sample.drawing import draw_sample
from interlink.pipeline.audit.sample.settings import AuditSettings
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.publish.audit import publish_audit
from interlink.pipeline.publish.card import rewrite_card, write_card
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import Role

HOSTILE = (
    "x\n\n# Title\n---\n| a | b |\n`code` <script>alert(1)</script> ![i](http://e.vil/i.png) "
    "[l](javascript:alert(1)) **b** http://e.vil {{ 7 * 7 }} \u202e \x00 \"'"
)


@pytest.fixture
def audit(audited, tmp_path):
    """Writes a dataset and an audit that two people judged: `audit(documents)` gives both."""

    def make(documents) -> tuple[Store, Store]:
        url = audited.write(documents)
        folder = Store(str(tmp_path / "audit"))
        write_plan(folder, draw_sample(url, AuditSettings(num_clips=9)))
        plan = read_plan(folder)
        rows = [
            {
                "audit_id": plan.audit_id,
                "item_id": item.item_id,
                "rater": rater,
                "clip_verdict": "bad" if number == 0 else "good",
                "note": HOSTILE,
                "claims": [
                    {
                        "side": "a",
                        "claim": 0,
                        "verdict": "wrong" if number == 0 else "right",
                        "error_types": ["count"] if number == 0 else [],
                    }
                ],
            }
            for rater in ("ann", HOSTILE.replace("\x00", ""))
            for number, item in enumerate(i for i in plan.items if i.role is Role.PLAIN)
        ]
        path = tmp_path / "given.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        import_ratings(folder, [str(path)])
        return Store(url), folder

    return make


def card(dataset: Store) -> str:
    return dataset.read("README.md").decode()


def rendered(text: str) -> str:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
    return str(markdown.render(text.split("---\n", 2)[2]))


def test_without_an_audit_it_says_so_and_how_to_make_one(audited):
    dataset = Store(audited.write(audited.documents(2)))
    rewrite_card(dataset)
    text = card(dataset)
    assert "Nobody has judged a sample of this dataset" in text
    for step in ("sample", "import", "report", "publish"):
        assert f"interlink audit {step} " in text
    assert "- How often captions are wrong is not known" in text


def test_with_an_audit_it_has_rates_intervals_and_whether_raters_agree(audit, audited):
    dataset, folder = audit(audited.documents(6))
    publish_audit(folder)
    text = card(dataset)
    assert "### 9 clips of version 1" in text
    assert re.search(r"9 clips of \d videos judged by 2 people\.", text)
    wrong = r"\| Wrong claims \| \d+\.\d.% \| .* to .* \| 1 of 9 \| 0\.3 to 48\.2.% \|"
    assert re.search(wrong, text)
    assert re.search(r"\| agreement about claims \| .*, 9 claims judged twice \|", text)
    assert "| Count | " in text
    assert "> **Do not quote these rates**" in text
    assert "Nobody has judged" not in text
    assert "people judged a sample of it" in text
    assert "ann" not in re.findall(r"\w+", text), "raters are named in the report alone"


def test_pictures_are_there_and_say_in_words_what_they_show(audit, audited):
    dataset, folder = audit(audited.documents(6))
    published = publish_audit(folder)
    pictures = dict(re.findall(r"!\[(.*)\]\((card/[\w-]+\.svg)\)", card(dataset)))
    names = {Path(path).stem for path in pictures.values()}
    assert names >= {"durations", "characters", f"audit-{published.audit.audit_id[:12]}"}
    assert all(dataset.read(path).startswith(b"<svg") for path in pictures.values())
    assert any(
        alt.startswith("What raters found: not to be quoted. Wrong claims: ") for alt in pictures
    )


def test_the_same_version_gives_the_same_bytes(audit, audited):
    dataset, folder = audit(audited.documents(6))
    publish_audit(folder)
    before = {p: p.read_bytes() for p in Path(dataset.url).rglob("*") if p.is_file()}
    rewrite_card(dataset)
    assert {p: p.read_bytes() for p in Path(dataset.url).rglob("*") if p.is_file()} == before


def test_the_card_keeps_its_name_until_it_is_given_another(audited):
    dataset = Store(audited.write(audited.documents(1)))
    rewrite_card(dataset)
    assert "# r\n" in card(dataset)
    rewrite_card(dataset, 'Tea & "cake" \U0001f370')
    assert (
        yaml.safe_load(card(dataset).split("---\n")[1])["pretty_name"] == 'Tea & "cake" \U0001f370'
    )
    rewrite_card(dataset)
    assert '# Tea \\& "cake" \U0001f370\n' in card(dataset)
    dataset.put("README.md", b'---\npretty_name: "cut\\q"\n---\n\xff\n')
    rewrite_card(dataset)
    assert "# r\n" in card(dataset)


def test_an_audit_of_an_earlier_version_is_said_to_be_one(audit, audited):
    dataset, folder = audit(audited.documents(6))
    publish_audit(folder)
    audited.write(audited.documents(7))
    rewrite_card(dataset)
    assert "Documents were added or made anew since" in card(dataset)
    assert "### 9 clips of version 1" in card(dataset)


def test_hostile_text_never_breaks_the_card(audit, audited):
    clean = HOSTILE.replace("\x00", "")
    documents = [
        audited.with_texts(
            document, *[[{"text": "A fact.", "model": clean, "revision": clean}]] * 3
        )
        for document in audited.documents(6, license=clean, language=clean)
    ]
    dataset, folder = audit(documents)
    publish_audit(folder)
    write_card(dataset, read_manifest(dataset), HOSTILE)
    text = card(dataset)
    page = rendered(text)
    assert len(yaml.safe_load(text.split("---\n")[1])["pretty_name"]) > 50
    assert "<script" not in page
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)
    assert set(re.findall(r'src="([^"]*)"', page)) <= {
        f"card/{name}" for name in dataset.names("card")
    }
    assert not re.findall(r'href="', page)
    assert "<h1>Title" not in page
    assert page.count("<h1>") == 1
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [
        "How good the captions are",
        "What is in it",
        "Load it",
        "Where the texts come from",
        "Licenses and languages",
        "The funnel",
        "Known limits",
    ]
    assert not set(text) & {"\x00", "\u202e"}
    widths = {row.count("<td") for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)}
    assert widths <= {0, 2, 4, 6}


def test_a_view_with_a_hostile_name_stays_a_heading(audit, audited):
    dataset, folder = audit(audited.documents(6))
    plan = dataclasses.replace(read_plan(folder), view="a\n# b <b>|`")
    write_plan(folder, plan)
    publish_audit(folder)
    assert "### 9 clips of version 1, view a # b \\<b\\>\\|\\`\n" in card(dataset)
