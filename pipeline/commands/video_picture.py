"""One video as one picture: its frames, shots, clips and words on a timeline of several rows."""

import io
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from ...schemas.clip import Clip
from ...schemas.text import Word
from ...schemas.video import BoundaryKind, Frame, Scan, Video

WIDTH_PX = 1600
MARGIN_PX = 28
THUMB_PX = 96
NUM_LANES = 3
MAX_ROWS = 14
ROW_CHOICES_S = (5, 10, 15, 20, 30, 60, 120, 300, 600, 1200)

INK = (32, 36, 44)
FAINT = (140, 146, 158)
PAPER = (252, 252, 250)
SHOTS = ((206, 222, 243), (228, 236, 248))
CLIP = (72, 118, 178)
CLIP_TEXT = (255, 255, 255)
DOUBTFUL = (196, 92, 20)
TRANSITIONS = {
    BoundaryKind.CUT: (32, 36, 44),
    BoundaryKind.FADE: (110, 110, 118),
    BoundaryKind.DISSOLVE: (150, 70, 160),
}
DOUBTFUL_PROBABILITY = 0.5

ReadFrame = Callable[[Frame], bytes]


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A stretch of the timeline and where it is drawn."""

    start_us: int
    end_us: int
    top_px: int

    def x(self, time_us: int) -> float:
        """Return the horizontal place of a time, kept inside the row."""
        share = (time_us - self.start_us) / (self.end_us - self.start_us)
        return MARGIN_PX + min(max(share, 0.0), 1.0) * (WIDTH_PX - 2 * MARGIN_PX)

    def meets(self, start_us: int, end_us: int) -> bool:
        """Tell whether `[start_us, end_us)` shows in the row."""
        return start_us < self.end_us and end_us > self.start_us


def draw_video(video: Video, clips: Sequence[Clip], read_frame: ReadFrame) -> Image.Image:
    """Draw a scanned video.

    Args:
        video: with its scan; the transcript may be missing.
        clips: its clips in time order.
        read_frame: returns the JPEG bytes of a frame of the frame set.

    Returns:
        The picture, RGB, 1600 px wide.

    Raises:
        ValueError: the video was not scanned.
    """
    if video.scan is None:
        raise ValueError(f"video {video.video_id} has no scan to draw")
    painter = _Painter(video, video.scan, clips, read_frame)
    return painter.paint()


class _Painter:
    """Holds the canvas and the fonts while a picture is made."""

    def __init__(
        self, video: Video, scan: Scan, clips: Sequence[Clip], read_frame: ReadFrame
    ) -> None:
        self.video, self.scan, self.clips, self.read_frame = video, scan, clips, read_frame
        self.small = ImageFont.load_default(13)
        self.normal = ImageFont.load_default(15)
        self.title = ImageFont.load_default(24)
        self.frame_times = [frame.time_us for frame in scan.frames]
        self.words: list[Word] = (
            [word for segment in video.transcript.segments for word in segment.words]
            if video.transcript
            else []
        )
        self.row_px = THUMB_PX + 22 + 24 + 30 + NUM_LANES * 19 + 26
        self.head_px = 104

    def paint(self) -> Image.Image:
        rows = self._rows()
        height = self.head_px + len(rows) * self.row_px
        self.image = Image.new("RGB", (WIDTH_PX, height), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self._head()
        for row in rows:
            top = row.top_px
            self._thumbs(row, top)
            self._axis(row, top + THUMB_PX + 4)
            self._shots(row, top + THUMB_PX + 22)
            self._clips(row, top + THUMB_PX + 48)
            self._words(row, top + THUMB_PX + 78)
        return self.image

    def _rows(self) -> list[_Row]:
        total_us = max(self.scan.end_us - self.scan.start_us, 1)
        fitting = [s for s in ROW_CHOICES_S if total_us <= s * 1e6 * MAX_ROWS]
        wanted = [s for s in fitting if total_us <= s * 1e6 * 4] or fitting or [ROW_CHOICES_S[-1]]
        row_us = min(wanted[0] * 1_000_000, total_us)
        count = math.ceil(total_us / row_us)
        return [
            _Row(
                start_us=self.scan.start_us + i * row_us,
                end_us=self.scan.start_us + (i + 1) * row_us,
                top_px=self.head_px + i * self.row_px,
            )
            for i in range(count)
        ]

    def _head(self) -> None:
        scan, stream = self.scan, self.scan.video_stream
        name = self.video.title or self.video.final_uri.rsplit("/", 1)[-1]
        seconds = (scan.end_us - scan.start_us) / 1e6
        facts = [
            f"{seconds:.1f} s",
            f"{stream.width_px}x{stream.height_px}",
            f"{stream.frames_per_s:.3g} frames/s",
            stream.codec,
            f"{len(scan.shots)} shots",
            f"{len(self.clips)} clips",
            f"{len(self.words)} words",
        ]
        transcript = self.video.transcript
        if transcript and transcript.language:
            facts.append(f"spoken: {transcript.language} ({transcript.language_probability:.0%})")
        self.draw.text((MARGIN_PX, 18), name, INK, self.title)
        self.draw.text((MARGIN_PX, 50), "  ·  ".join(facts), FAINT, self.normal)
        x = float(MARGIN_PX)
        for kind, colour in TRANSITIONS.items():
            self.draw.rectangle((x, 78, x + 10, 88), colour)
            self.draw.text((x + 15, 75), kind.value, FAINT, self.small)
            x += 90
        self.draw.text(
            (x, 75),
            "words in orange: probability under one half",
            DOUBTFUL,
            self.small,
        )

    def _thumbs(self, row: _Row, top: int) -> None:
        if not self.scan.frames:
            return
        stream = self.scan.video_stream
        width = max(round(THUMB_PX * stream.width_px / stream.height_px), 16)
        x = float(MARGIN_PX)
        per_px = (row.end_us - row.start_us) / (WIDTH_PX - 2 * MARGIN_PX)
        while x + width <= WIDTH_PX - MARGIN_PX + 1:
            time_us = int(row.start_us + (x + width / 2 - MARGIN_PX) * per_px)
            if time_us >= self.scan.end_us:
                break
            shown = max(bisect_right(self.frame_times, time_us) - 1, 0)
            jpeg = self.read_frame(self.scan.frames[shown])
            thumb = Image.open(io.BytesIO(jpeg)).convert("RGB").resize((width - 2, THUMB_PX))
            self.image.paste(thumb, (round(x), top))
            x += width

    def _axis(self, row: _Row, top: int) -> None:
        step_us = (row.end_us - row.start_us) / 10
        for i in range(11):
            time_us = round(row.start_us + i * step_us)
            if time_us <= self.scan.end_us:
                self.draw.text((row.x(time_us) - 8, top), _clock(time_us), FAINT, self.small)

    def _shots(self, row: _Row, top: int) -> None:
        for number, shot in enumerate(self.scan.shots):
            if row.meets(shot.start_us, shot.end_us):
                box = (row.x(shot.start_us), top, row.x(shot.end_us), top + 18)
                self.draw.rectangle(box, SHOTS[number % 2])
                label = f"shot {number + 1}"
                if box[2] - box[0] > 60:
                    self.draw.text((box[0] + 6, top + 1), label, INK, self.small)
        for boundary in self.scan.boundaries:
            if row.meets(boundary.start_us, boundary.end_us + 1):
                left, right = row.x(boundary.start_us), row.x(boundary.end_us)
                colour = TRANSITIONS.get(boundary.kind, INK)
                self.draw.rectangle((left - 1, top - 3, max(right, left + 1), top + 20), colour)

    def _clips(self, row: _Row, top: int) -> None:
        for number, clip in enumerate(self.clips):
            if not row.meets(clip.start_us, clip.end_us):
                continue
            left, right = row.x(clip.start_us) + 1, row.x(clip.end_us) - 1
            self.draw.rounded_rectangle((left, top, max(right, left + 2), top + 22), 5, CLIP)
            if right - left > 90:
                seconds = (clip.end_us - clip.start_us) / 1e6
                label = f"clip {number + 1} · {seconds:.1f} s"
                self.draw.text((left + 7, top + 3), label, CLIP_TEXT, self.small)

    def _words(self, row: _Row, top: int) -> None:
        ends = [0.0] * NUM_LANES
        for word in self.words:
            if not row.start_us <= word.start_us < row.end_us:
                continue
            x = row.x(word.start_us)
            lane = next((i for i, end in enumerate(ends) if end <= x), None)
            if lane is None:
                lane = ends.index(min(ends))
                x = ends[lane]
            sure = word.probability is None or word.probability >= DOUBTFUL_PROBABILITY
            self.draw.text((x, top + lane * 19), word.text, INK if sure else DOUBTFUL, self.normal)
            ends[lane] = x + self.draw.textlength(word.text, self.normal) + 7


def _clock(time_us: int) -> str:
    """Return a time as people read it, such as `1:04.5`."""
    minutes, seconds = divmod(time_us / 1e6, 60)
    return f"{int(minutes)}:{seconds:04.1f}"
