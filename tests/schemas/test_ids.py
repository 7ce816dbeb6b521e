"""Ids come from content; these values must never change, or datasets lose their identity."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from interlink.schemas import ids


def test_a_digest_is_the_sha256_of_canonical_json():
    text = '["clip","v",0,{"a":1,"b":[null,true]}]'
    expected = hashlib.sha256(text.encode()).hexdigest()[:32]
    assert ids.digest("clip", "v", 0, {"b": [None, True], "a": 1}) == expected


def test_known_ids_do_not_change():
    # Computed by hand: printf '["source","https://x/y.mp4"]' | sha256sum | cut -c1-32, and so on.
    def by_hand(*parts):
        text = json.dumps(parts, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    video = "ab" * 16
    assert ids.source_id("https://x/y.mp4") == "aa844af63bae9d903684e5a326dcae3b"
    assert ids.source_id("https://x/y.mp4") == by_hand("source", "https://x/y.mp4")
    assert ids.clip_id(video, 0, 5_000_000) == by_hand("clip", video, 0, 5_000_000)
    assert ids.document_id(video, 0, 9, "w") == by_hand("document", video, 0, 9, "w")
    assert ids.order_key("s") == by_hand("order", "s")


def test_a_video_is_named_by_its_bytes():
    sha256 = hashlib.sha256(b"file").hexdigest()
    assert ids.video_id(sha256) == sha256[: ids.ID_LENGTH]


def test_ids_of_different_things_differ():
    made = {
        ids.source_id("a"),
        ids.order_key("a"),
        ids.clip_id("a", 0, 1),
        ids.clip_id("a", 0, 2),
        ids.clip_id("a", 1, 2),
        ids.document_id("a", 0, 1, ""),
        ids.document_id("a", 0, 1, "x"),
    }
    assert len(made) == 7


def test_text_beyond_ascii_has_one_digest():
    text = '["Straße","日本"]'
    assert ids.digest("Straße", "日本") == hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_ids_do_not_depend_on_the_hash_seed(seed):
    code = "from interlink.schemas.ids import digest; print(digest({'b': 1, 'a': 2}, 'x'))"
    made = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    assert made.stdout.strip() == ids.digest({"a": 2, "b": 1}, "x")
