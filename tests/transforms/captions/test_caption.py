import dataclasses
import hashlib
import pickle
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.pipeline.storage.store import Store
from interlink.schemas.ids import digest
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.text import Caption, TextKind, TextStatus
from interlink.schemas.video import BoundaryKind
from interlink.transforms.base import Failed, Kept
from interlink.transforms.captions.caption import CaptionClips
from interlink.transforms.captions.captioner import Captioner, ClipTexts, evenly
from interlink.transforms.captions.facts import FactsCaptioner
from interlink.transforms.captions.transformers_vlm import TransformersCaptioner


@dataclasses.dataclass(kw_only=True)
class ColorCaptioner(Captioner):
    """Says the mean color of each clip's frames, in reversed order; can leave a clip out."""

    backend: Literal["color"] = "color"
    leave_out: str = ""

    def name_and_revision(self):
        return "color", "1"

    def setup(self):
        pass

    def teardown(self):
        pass

    def choose(self, items: Sequence) -> Sequence:
        return evenly(items, 3)

    def caption(self, clips):
        return [
            ClipTexts(clip_id=clip.clip_id, captions=(self._caption(clip),), text_area_share=0.25)
            for clip in reversed(clips)
            if clip.clip_id != self.leave_out
        ]

    def _caption(self, clip):
        mean = np.mean([frame.rgb.mean(axis=(0, 1)) for frame in clip.frames], axis=0)
        return Caption(
            kind=TextKind.CAPTION,
            text=" ".join(str(round(value)) for value in mean),
            start_us=clip.start_us,
            end_us=clip.end_us,
            frames_digest=clip.frames_digest,
        )


@pytest.fixture
def color_clips(make_clips, tmp_path, studio):
    """Three clips, one of red, one of green, one of blue frames of differing brightness."""
    attempt = "steps/scan/part/colors"
    store = Store(str(tmp_path / "run"))
    space = PartWorkspace(store, attempt, tmp_path / "colors")
    clips = []
    for channel, clip in enumerate(make_clips(3, frames=5)):
        frames = []
        for number, frame in enumerate(clip.frames):
            picture = np.zeros((36, 64, 3), np.uint8)
            picture[..., channel] = 200 + number
            reference = space.add_media(
                studio.encode(picture),
                video_id=clip.video_id,
                owner_id=clip.video_id,
                kind="frame",
                start_us=frame.time_us,
                end_us=frame.time_us,
                mime="image/jpeg",
            )
            frames.append(dataclasses.replace(frame, reference=reference))
        clips.append(dataclasses.replace(clip, frames=tuple(frames), captions=()))
    store.put_file(f"{attempt}/media.parquet", space.finish_media())
    space.close()
    return clips


def run(clips, workspace, captioner=None):
    transform = CaptionClips(captioner=captioner or ColorCaptioner())
    transform.setup()
    transform.open_part(workspace)
    results = transform.process_batch(clips)
    transform.teardown()
    return {result.input_id: result for result in results}


def with_broken_frame(clip, tmp_path, workspace):
    """Replace a clip's first frame by a file that is no JPEG."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff no picture")
    reference = workspace.add_file(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    broken = dataclasses.replace(clip.frames[0], reference=reference)
    return dataclasses.replace(clip, frames=(broken, *clip.frames[1:]))


def test_captions_land_on_their_own_clips_whatever_the_order_of_answers(color_clips, workspace):
    results = run(color_clips, workspace)

    for channel, clip in enumerate(color_clips):
        mean = [int(v) for v in results[clip.clip_id].record.captions[0].text.split()]
        assert np.argmax(mean) == channel
        assert mean[channel] == pytest.approx(202, abs=4)


def test_captions_are_added_to_those_that_are_there(color_clips, workspace):
    given = Caption(kind=TextKind.GIVEN, text="as given", start_us=0, end_us=1)
    clip = dataclasses.replace(color_clips[0], captions=(given,))

    once = run([clip], workspace)[clip.clip_id].record
    twice = run([once], workspace)[clip.clip_id].record

    assert [c.kind for c in twice.captions] == ["given", "caption", "caption"]
    assert twice.captions[0] == given


def test_text_area_is_filled_and_other_scores_stay(color_clips, workspace):
    scores = dataclasses.replace(color_clips[0].scores, motion=7.0)
    clip = dataclasses.replace(color_clips[0], scores=scores)

    record = run([clip], workspace)[clip.clip_id].record

    assert (record.scores.text_area_share, record.scores.motion) == (0.25, 7.0)


def test_frames_digest_is_of_the_frames_that_the_model_saw(color_clips, workspace):
    clip = color_clips[0]
    seen = [clip.frames[i] for i in (0, 2, 4)]

    record = run([clip], workspace)[clip.clip_id].record

    expected = digest([[frame.time_us, frame.reference.sha256] for frame in seen])
    assert record.captions[0].frames_digest == expected


@pytest.mark.parametrize("kind", [BoundaryKind.FADE, BoundaryKind.DISSOLVE])
def test_frames_that_a_transition_mixes_are_not_shown(color_clips, workspace, kind):
    boundary = dataclasses.replace(color_clips[0].boundary, start_kind=kind, end_kind=kind)
    frames = tuple(
        dataclasses.replace(frame, time_us=color_clips[0].start_us + number * 900_000)
        for number, frame in enumerate(color_clips[0].frames)
    )
    clip = dataclasses.replace(color_clips[0], boundary=boundary, frames=frames)

    record = run([clip], workspace)[clip.clip_id].record

    # Of frames at 0, 0.9, 1.8, 2.7 and 3.6 s in 4 s, those at 1.8 and 2.7 s are under one half.
    all_shown = [frames[i] for i in (0, 2, 4)]
    expected = digest([[frame.time_us, frame.reference.sha256] for frame in all_shown])
    assert record.captions[0].frames_digest == expected

    only_start = dataclasses.replace(boundary, end_kind=BoundaryKind.CUT)
    clip = dataclasses.replace(clip, boundary=only_start)
    record = run([clip], workspace)[clip.clip_id].record
    expected = digest([[frame.time_us, frame.reference.sha256] for frame in frames[2:]])
    assert record.captions[0].frames_digest == expected


def test_clip_with_a_broken_frame_fails_alone(color_clips, workspace, tmp_path):
    broken = with_broken_frame(color_clips[1], tmp_path, workspace)

    results = run([color_clips[0], broken, color_clips[2]], workspace)

    failed = results[broken.clip_id]
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.MEDIA_CORRUPT
    assert "cannot be decoded as JPEG" in failed.message
    assert sum(isinstance(result, Kept) for result in results.values()) == 2


def test_clip_without_frames_gets_an_empty_text_with_status_error(color_clips, workspace):
    clip = dataclasses.replace(color_clips[0], frames=())

    (caption,) = run([clip], workspace)[clip.clip_id].record.captions

    assert (caption.text, caption.status, caption.model) == ("", TextStatus.ERROR, "color")


def test_clip_without_an_answer_fails(color_clips, workspace):
    silent = color_clips[1].clip_id

    results = run(color_clips, workspace, ColorCaptioner(leave_out=silent))

    assert isinstance(results[silent], Failed)
    assert results[silent].code is ErrorCode.MODEL_ERROR


def test_no_clips_give_no_results(workspace):
    assert run([], workspace) == {}


def test_facts_of_real_clips_through_the_whole_transform(color_clips, workspace):
    results = run(color_clips, workspace, FactsCaptioner(read_screen_text=False))

    sentences = [results[clip.clip_id].record.captions[0].text for clip in color_clips]
    assert sentences == [
        "A red background; the camera is still.",
        "A green background; the camera is still.",
        "A blue background; the camera is still.",
    ]
    assert results[color_clips[0].clip_id].record.scores.text_area_share is None


def test_recipe_section_chooses_the_backend_by_name():
    adapter = TypeAdapter(CaptionClips)

    facts = adapter.validate_python({"captioner": {"backend": "facts", "read_screen_text": False}})
    model = adapter.validate_python(
        {"captioner": {"backend": "transformers", "model": "owner/model", "frames_per_clip": 4}}
    )

    assert facts.captioner == FactsCaptioner(read_screen_text=False)
    assert model.captioner == TransformersCaptioner(model="owner/model", frames_per_clip=4)
    assert adapter.validate_python({}).captioner == FactsCaptioner()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"captioner": {"backend": "oracle"}}, "'facts', 'transformers'"),
        ({"captioner": {"backend": "facts", "prompt": "?"}}, "prompt"),
        ({"captioner": {"backend": "transformers"}}, "model"),
        ({"captioner": {"backend": "transformers", "model": "m", "frames_per_clip": 0}}, "least 1"),
        ({"speed": 1}, "speed"),
    ],
)
def test_recipe_section_with_a_mistake_is_refused(section, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(CaptionClips).validate_python(section)


def test_digest_follows_parameters_and_models():
    base = CaptionClips().digest()

    assert pickle.loads(pickle.dumps(CaptionClips())).digest() == base
    assert CaptionClips(captioner=FactsCaptioner(read_screen_text=False)).digest() != base
    assert CaptionClips().models() == ("facts@1-ocr-090f04abcd9d-6f327246b503",)
