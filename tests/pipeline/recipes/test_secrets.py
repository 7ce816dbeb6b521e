"""A secret that is written out in a recipe is refused, and repeated nowhere."""

import pytest

from interlink.pipeline.recipes.recipe import load_recipe, make_recipe
from interlink.pipeline.recipes.secrets import refuse_plain_secrets
from interlink.pipeline.sources.manifest import read_sources
from interlink.schemas.errors import UsageError

REFERENCES = {
    "cookies": "file:/run/secrets/cookies.txt",
    "proxy": "env:THE_PROXY",
    "headers": {"example.org": {"Authorization": "env:THE_KEY"}},
}


def test_a_recipe_keeps_references_alone_and_no_digest_knows_them(tmp_path):
    recipe = make_recipe({"sources": "x.txt", "fetch": REFERENCES})
    assert recipe.digest() == make_recipe({"sources": "x.txt"}).digest()
    (tmp_path / "recipe.yaml").write_text(recipe.resolved())
    assert load_recipe(tmp_path / "recipe.yaml") == recipe
    assert "proxy: env:THE_PROXY" in recipe.resolved()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"fetch": {"cookies": "CANARY"}}, "fetch: cookies must say where"),
        ({"fetch": {"proxy": "http://me:CANARY@proxy:3128"}}, r"fetch\.proxy holds a URL with a"),
        (
            {"fetch": {"headers": {"h.org": {"X-Key": "Bearer CANARY"}}}},
            r"fetch: headers\.h\.org\.X-Key must say where",
        ),
        ({"fetch": {"headers": {"h.org": {"X-Key": 4711}}}}, r"X-Key=\*\*\* must be text"),
        ({"fetch": {"headers": {"h.org": "CANARY"}}}, r"h\.org=\*\*\* must be a section"),
        ({"fetch": {"cookies": ["CANARY"]}}, r"fetch\.cookies=\*\*\* must be text"),
        ({"sources": ["https://me:CANARY@h.org/x.txt"]}, r"sources\[0\] holds a URL with a pass"),
        ({"run": "s3://key:CANARY@bucket/run"}, "run holds a URL with a password"),
        ({"beam": {"options": ["--s3_secret_access_key=CANARY"]}}, r"beam\.options\[0\] holds"),
        ({"name": "hf_CANARYCANARYCANARYCANARY"}, "name holds what looks like a key"),
    ],
)
def test_a_secret_written_out_is_refused_with_its_place_and_not_repeated(content, place):
    with pytest.raises(UsageError, match=place) as raised:
        make_recipe({"sources": "x.txt"} | content)
    assert "CANARY" not in str(raised.value)
    assert "4711" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://h.org/@channel/a:b@c",
        "s3://bucket/user@host:1/x",
        "https://me@h.org/a.txt",
        "--runner=FlinkRunner",
        "a: b@c",
    ],
)
def test_what_only_looks_like_a_password_is_left_alone(text: str):
    refuse_plain_secrets({"sources": text, "beam": {"options": [text]}}, "the recipe")


def test_a_manifest_with_a_password_is_refused_with_its_line(tmp_path):
    manifest = tmp_path / "videos.txt"
    manifest.write_text("https://h.org/a.mp4\nhttps://me:CANARY@h.org/b.mp4\n")

    with pytest.raises(UsageError, match=r"videos\.txt, line 2: holds a URL with a pass") as raised:
        read_sources(manifest)
    assert "CANARY" not in str(raised.value)
