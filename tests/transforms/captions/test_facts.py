import json
import pickle
import subprocess
import sys
import time
from collections import Counter

import av
import numpy as np
import pytest

from interlink.schemas.text import TextKind, TextStatus
from interlink.transforms.captions.facts import FactsCaptioner

GREEN, RED, BLUE = (25, 70, 40), (210, 30, 30), (40, 80, 210)


def wall(color, size=(640, 360)):
    return np.full((size[1], size[0], 3), color, np.uint8)


def film(paint, count=12):
    return [paint(i / max(count - 1, 1)) for i in range(count)]


def facts_of(caption, kind):
    return [json.loads(item.ref) for item in caption.evidence if item.kind == kind]


def texts_of(captioner, studio, pictures):
    return captioner.caption([studio.clip(pictures)])[0]


def sentence_of(captioner, studio, pictures):
    return texts_of(captioner, studio, pictures).captions[0].text


@pytest.fixture(scope="module")
def lesson(studio):
    """A red circle that moves, a blue square that stays, a text, a still camera."""

    def paint(share):
        picture = wall(GREEN)
        studio.thing(picture, "circle", RED, (int(64 + 512 * share), 200), 42)
        studio.thing(picture, "square", BLUE, (500, 300), 30)
        studio.text(picture, "STEP 2", (20, 45), 1.1)
        return studio.jpeg(picture)

    return paint


def test_sentence_of_a_whole_lesson(facts_captioner, studio, lesson):
    texts = texts_of(facts_captioner, studio, film(lesson))

    assert [c.kind for c in texts.captions] == [TextKind.CAPTION, TextKind.SCREEN_TEXT]
    assert texts.captions[0].text == (
        "A red circle moves from left to right over a dark green background; a blue square stays "
        'at the lower right; on-screen text reads "STEP 2"; the camera is still.'
    )
    assert texts.captions[1].text == "STEP 2"
    assert texts.text_area_share == pytest.approx(0.025, abs=0.01)


def test_every_clause_of_the_sentence_has_its_evidence(facts_captioner, studio, lesson):
    caption = texts_of(facts_captioner, studio, film(lesson)).captions[0]

    kinds = [item.kind for item in caption.evidence]
    assert kinds == ["background", "object", "object", "camera", "screen_text", "brightness"]
    assert facts_of(caption, "camera")[0]["motion"] == "still"
    assert facts_of(caption, "screen_text")[0]["text"] == "STEP 2"
    assert [thing["color"] for thing in facts_of(caption, "object")] == ["red", "blue"]


def test_caption_tells_its_maker_span_and_frames(facts_captioner, studio, lesson):
    caption, screen_text = texts_of(facts_captioner, studio, film(lesson)).captions

    assert (caption.start_us, caption.end_us) == (0, 6_000_000)
    assert (caption.model, caption.revision) == ("facts", "1-ocr-090f04abcd9d-6f327246b503")
    assert (caption.prompt_digest, caption.status) == (None, TextStatus.OK)
    assert (caption.language, caption.frames_digest) == ("en", "digest")
    assert (screen_text.model, screen_text.language) == ("PP-OCRv6-small", None)


def test_single_frame_is_described_without_motion(facts_captioner, studio, lesson):
    assert sentence_of(facts_captioner, studio, [lesson(0.3)]) == (
        "A red circle on the left and a blue square at the lower right over a dark green "
        'background; on-screen text reads "STEP 2".'
    )


def test_black_clip_is_called_black(facts_captioner, studio):
    pictures = [studio.jpeg(wall((0, 0, 0)))] * 5

    assert sentence_of(facts_captioner, studio, pictures) == (
        "A black background; the camera is still."
    )


def test_portrait_clip(facts_captioner, studio):
    def paint(share):
        picture = wall((225, 210, 180), size=(360, 640))
        studio.thing(picture, "triangle", (130, 50, 160), (180, int(540 - 400 * share)), 50)
        studio.text(picture, "TURN IT OVER", (40, 60))
        return studio.jpeg(picture)

    assert sentence_of(facts_captioner, studio, film(paint)) == (
        'A purple triangle moves upwards over a beige background; on-screen text reads "TURN IT '
        'OVER"; the camera is still.'
    )


def test_clips_are_answered_under_their_own_ids(facts_captioner, studio, lesson):
    clips = [
        studio.clip([studio.jpeg(wall((0, 0, 0)))], "black"),
        studio.clip([lesson(0.3)], "lesson"),
    ]
    texts = {text.clip_id: text.captions[0].text for text in facts_captioner.caption(clips)}

    assert texts["black"].startswith("A black background")
    assert texts["lesson"].startswith("A red circle")


def test_same_frames_give_the_same_captions(facts_captioner, studio, lesson):
    pictures = film(lesson)

    assert texts_of(facts_captioner, studio, pictures) == texts_of(
        facts_captioner, studio, pictures
    )


def test_without_screen_text_nothing_is_read_and_the_revision_says_so(studio, lesson):
    captioner = pickle.loads(pickle.dumps(FactsCaptioner(read_screen_text=False)))
    captioner.setup()
    texts = texts_of(captioner, studio, film(lesson))

    assert len(texts.captions) == 1
    assert "on-screen" not in texts.captions[0].text
    assert texts.text_area_share is None
    assert texts.captions[0].revision == "1"


def test_naming_the_models_loads_nothing_heavy():
    code = (
        "import sys; from interlink.transforms.captions.caption import CaptionClips; "
        "CaptionClips().digest(); "
        "print(sorted({'cv2', 'rapidocr', 'torch', 'transformers'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def score(captioner, studio, seeds):
    """Count right and wrong claims per kind of fact over scenes drawn by lot."""
    counts = Counter()
    for seed in seeds:
        scene = studio.scene(seed)
        caption = texts_of(captioner, studio, studio.pictures(scene)).captions[0]
        things = facts_of(caption, "object")
        camera = facts_of(caption, "camera")[0]["motion"]
        background = facts_of(caption, "background")[0]["colors"][0][0]
        words = " ".join(line["text"] for line in facts_of(caption, "screen_text"))
        counts["background", background == scene.background] += 1
        counts["screen text", words == (scene.text or "")] += 1
        counts["camera told", camera != "unclear"] += 1
        if camera != "unclear":
            counts["camera", camera == scene.camera] += 1
        if scene.color is None:
            counts["nothing there", not things] += 1
            continue
        counts["thing found", bool(things)] += 1
        if things:
            counts["one thing", len(things) == 1] += 1
            counts["color", things[0]["color"].split()[-1] == scene.color] += 1
            counts["shape", things[0]["shape"] == scene.shape] += 1
            counts["direction", things[0]["direction"] == scene.direction] += 1
    return {
        name: counts[name, True] / (counts[name, True] + counts[name, False]) for name, _ in counts
    }


@pytest.mark.slow
def test_claims_on_scenes_drawn_by_lot_are_right(facts_captioner, studio):
    shares = score(facts_captioner, studio, range(64))

    # Measured: 1.0 for all on these seeds; on 1000 to 1099 too, but for one thing not found.
    floors = {"camera told": 0.9, "thing found": 0.9}
    too_low = {name: share for name, share in shares.items() if share < floors.get(name, 0.97)}
    assert too_low == {}


def real_frames(studio, path, count=12):
    """Decode the first seconds of a real video at two frames per second."""
    pictures, next_s = [], 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= next_s:
                pictures.append(studio.jpeg(frame.to_ndarray(format="rgb24")))
                next_s += 0.5
            if len(pictures) == count:
                break
    return pictures


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pancake_240p_opus.mkv", None),
        ("portrait_50s.mp4", "告诉我吊顶有什么用"),
        ("youtube_1080p_122s.mp4", "LAION-400M: Open Dataset of CLIP-Filtered 400"),
    ],
)
def test_real_footage_is_described_without_invention(
    facts_captioner, studio, shared_videos, name, words
):
    """All three were looked at: no plain shapes, a camera on its stand, this text or none."""
    texts = texts_of(facts_captioner, studio, real_frames(studio, shared_videos / name))
    caption = texts.captions[0]

    assert facts_of(caption, "object") == []
    assert facts_of(caption, "camera")[0]["motion"] == "still"
    read = " ".join(text.text for text in texts.captions[1:])
    assert (words in read) if words else (read == "")


def test_captioning_costs_little(facts_captioner, studio, lesson):
    """Measured: 0.04 CPU-s per second of video; the budget of the demo is 0.5."""
    clip = studio.clip(film(lesson, count=16))
    start = time.process_time()
    facts_captioner.caption([clip])

    assert time.process_time() - start < 0.5 * 8
