"""`interlink diff`: two versions, two datasets, as text and as JSON."""

import json


def test_two_versions_are_told_apart(published, interlink):
    source = published.documents["a"].source.source_id
    clip = published.documents["b"].clips[0].clip_id
    url = published.dataset.url
    interlink(f"takedown apply {url} --source {source} --clip {clip} --reason r")
    for line in (f"diff {url}", f"diff {url} 1", f"diff {url} 1 2"):
        code, output = interlink(line)
        assert code == 0
        assert f"- {url} version 1: 3 documents" in output
        assert f"+ {url} version 2: 2 documents" in output
        assert "shards     1 equal in every byte, 2 others before, 1 others after" in output
        assert "not compared, as a file is gone: 2 parts" in output
        assert "takedowns  3 added, 0 removed, 0 changed" in output
        assert f"  + clip {clip}" in output


def test_two_datasets_are_compared_row_by_row(audited, interlink):
    a, b, c = audited.documents(3)
    changed = audited.with_texts(b, *([{"text": "Another caption."}] for _ in b.clips))
    first, second = audited.write([a, b], name="one"), audited.write([changed, c], name="two")
    code, output = interlink(f"diff {first} {second}")
    assert code == 0
    assert "documents  1 added, 1 removed, 1 changed, 0 equal in files that are not" in output
    assert a.source.source_id in output
    found = json.loads(interlink(f"diff {first} {second} --json")[1])
    assert found["documents"]["changed"] == [b.document_id]
    assert found["first"] == f"{first} version 1"
    assert (
        "every byte of documents and clip files is the same"
        in interlink(f"diff {first} {first}")[1]
    )


def test_what_cannot_be_compared_is_refused(audited, interlink):
    url = audited.write(audited.documents(1))
    for line, message in (
        (f"diff {url}", "has one version alone; name another dataset"),
        (f"diff {url} 1 x", "V2=x must be a number of a version"),
        (f"diff {url} {url} 1", "of two datasets the newest versions are compared"),
        (f"diff {url} 9", "has no version 9; it has [1]"),
    ):
        code, output = interlink(line)
        assert (code, message in output) == (2, True), output
