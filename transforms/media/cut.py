"""Clip files: by stream copy, encoded anew, or none. The cutting itself runs in a child process."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...schemas.clip import Clip, ClipFile, Flag
from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from ..base import Failed, Kept, Map
from ..child import Child
from ..clips import in_order

_CUT_FILE = "interlink.transforms.media.cut_file:cut_file"
_DEADLINE_S = 60.0
"""Start of the child and reserve."""
_DEADLINE_BYTES_PER_S = 5e6
"""A tenth of a slow disk: the file is read up to twice."""
_DEADLINE_PER_S = 20.0
"""Seconds for one second of clip; encoding 4K anew takes about 1."""


@dataclass(kw_only=True)
class CutClips(Map[Clip, Clip]):
    """Write each clip's own file into the part's media file.

    `copy` copies packets from the keyframe before the clip on: fast, nothing is lost, but the file
    starts earlier than the clip (`lead_in_us`, flag `media_lead_in`) and may end a few frames
    later (`end_us`). It gives MP4, or Matroska for codecs that players do not expect in an MP4.
    A clip whose packets neither of them takes, for their codec or their damage, is cut by `exact`.
    `exact` encodes anew: H.264 and AAC in MP4, short side at most 360 px, upright, a keyframe each
    second, and shows `[start_us, end_us)` to the microsecond. `none` writes nothing.
    """

    mode: Literal["copy", "exact", "none"] = "copy"
    """How; by copy, because training reads frames and does not pay for decoding."""
    no_copies_for: tuple[str, ...] = ()
    """Licenses that forbid to pass on parts, such as `CC-BY-ND-4.0`: clips under them get no file.
    Compared with the video's license as normalised."""

    _child: ClassVar[Child | None] = None
    """Set on the instance by `setup`."""

    def setup(self) -> None:
        """Get ready to start the child; it starts with the first clip."""
        self._child = Child()  # type: ignore[misc]  # shadows the class's None on purpose

    def teardown(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()

    @property
    def sees_batches(self) -> bool:
        """Each clip is looked at alone."""
        return False

    def process_batch(self, records: Sequence[Clip]) -> list[Kept[Clip] | Failed]:
        """Cut the clips of a batch, one call of the child for each video in it."""
        by_video: dict[str, list[Clip]] = {}
        for clip in records:
            by_video.setdefault(clip.video_id, []).append(clip)
        results: list[Kept[Clip] | Failed] = []
        for clips in by_video.values():
            if self.mode == "none" or clips[0].video.license in self.no_copies_for:
                results += [Kept(input_id=clip.clip_id, record=clip) for clip in clips]
            else:
                results += self._cut(clips)
        return results

    def _cut(self, clips: Sequence[Clip]) -> list[Kept[Clip] | Failed]:
        """Cut clips of one video."""
        folder = Path(tempfile.mkdtemp(prefix="cut-", dir=self.files().scratch))
        try:
            answers = self._call(clips, folder)
            return [self._result(clip, answers[clip.clip_id], folder) for clip in clips]
        except RecordError as error:
            return [
                Failed(input_id=clip.clip_id, code=error.code, message=error.message)
                for clip in clips
            ]
        finally:
            shutil.rmtree(folder)

    def _call(self, clips: Sequence[Clip], folder: Path) -> dict[str, dict[str, Any]]:
        if self._child is None:
            raise RuntimeError("CutClips has no child process: call setup first")
        video = clips[0].video
        duration_s = sum(clip.end_us - clip.start_us for clip in clips) / 1e6
        answer = self._child.call(
            _CUT_FILE,
            {
                "path": str(self.files().path(video.file)),
                "folder": str(folder),
                "mode": self.mode,
                "clips": [[clip.clip_id, clip.start_us, clip.end_us] for clip in clips],
            },
            deadline_s=_DEADLINE_S
            + video.num_bytes / _DEADLINE_BYTES_PER_S
            + duration_s * _DEADLINE_PER_S,
        )
        return {cut["clip_id"]: cut for cut in answer["clips"]}

    def _result(self, clip: Clip, cut: dict[str, Any], folder: Path) -> Kept[Clip] | Failed:
        """Store the file of one clip and note where it truly starts and ends."""
        if "code" in cut:
            code = ErrorCode(cut["code"])
            return Failed(input_id=clip.clip_id, code=code, message=cut["message"])
        reference = self.files().add_media(
            (folder / clip.clip_id).read_bytes(),
            video_id=clip.video_id,
            owner_id=clip.clip_id,
            kind="clip",
            start_us=cut["start_us"],
            end_us=cut["end_us"],
            mime=cut["mime"],
        )
        file = ClipFile(
            reference=reference,
            mime=cut["mime"],
            lead_in_us=clip.start_us - cut["start_us"],
            end_us=cut["end_us"],
        )
        has_lead_in = file.lead_in_us > 0
        flags = in_order((*clip.flags, Flag.MEDIA_LEAD_IN)) if has_lead_in else clip.flags
        return Kept(input_id=clip.clip_id, record=replace(clip, file=file, flags=flags))
