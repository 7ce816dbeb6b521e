"""One video as one picture: its frames, shots, clips, captions and words on a timeline of rows."""

import io
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageOps

from ...schemas.clip import Clip
from ...schemas.text import TextKind, Word
from ...schemas.video import BoundaryKind, Frame, Scan, Video
from .console import clock
from .picture_rows import LEFT_PX, RIGHT_PX, WIDTH_PX, Row, divide_rows, ticks
from .picture_text import can_draw, font_for, lanes_needed, place_words, shorten, wrap

HEAD_PX = 118
AXIS_PX, SHOTS_PX, CLIPS_PX, WORD_PX, CAPTION_PX, SPACE_PX = 26, 28, 34, 27, 25, 30
"""Heights: of the axis over the frames, the lanes, a line of words or captions, between rows."""
THUMB_AREA_PX = 192 * 108
MAX_LANES = 4
CAPTION_LINES, CAPTION_SIZE = 3, 17

INK, FAINT, PAPER = (30, 34, 42), (128, 134, 147), (255, 255, 255)
SHOTS = ((208, 220, 236), (228, 235, 244))
CLIP, CLIP_TEXT, CAPTION = (44, 98, 168), (255, 255, 255), (44, 98, 168)
SPEECH, DOUBTFUL = (126, 158, 120), (200, 88, 14)
TRANSITIONS = {
    BoundaryKind.CUT: (30, 34, 42),
    BoundaryKind.FADE: (122, 122, 130),
    BoundaryKind.DISSOLVE: (150, 70, 160),
}
DOUBTFUL_PROBABILITY = 0.5

MAX_WORDS_ROW_S = 30
"""In longer rows there is no room for words: bars say where somebody speaks."""

ReadFrame = Callable[[Frame], bytes]


def draw_video(video: Video, clips: Sequence[Clip], read_frame: ReadFrame) -> Image.Image:
    """Draw a scanned video.

    Args:
        video: with its scan; the transcript may be missing.
        clips: its clips in time order; their captions are shown if they have any.
        read_frame: returns the JPEG bytes of a frame of the frame set.

    Returns:
        The picture, RGB, 1600 px wide.

    Raises:
        ValueError: the video was not scanned.
    """
    if video.scan is None:
        raise ValueError(f"video {video.video_id} has no scan to draw")
    return _Painter(video, video.scan, clips, read_frame).paint()


class _Painter:
    """Holds the canvas while a picture is made."""

    def __init__(
        self, video: Video, scan: Scan, clips: Sequence[Clip], read_frame: ReadFrame
    ) -> None:
        self.video, self.scan, self.clips, self.read_frame = video, scan, clips, read_frame
        self.rows = divide_rows(scan.start_us, scan.end_us)
        self.frame_times = [frame.time_us for frame in scan.frames]
        segments = video.transcript.segments if video.transcript else ()
        self.words: list[Word] = [word for segment in segments for word in segment.words]
        self.is_wordy = self.rows[0].duration_us <= MAX_WORDS_ROW_S * 1_000_000
        self.captions = [self._wrap_caption(clip) if self.is_wordy else [] for clip in clips]
        self.thumb_px = self._thumb_size()
        self.num_lanes = self._count_lanes()
        self.row_px = AXIS_PX + self.thumb_px[1] + SHOTS_PX + CLIPS_PX + SPACE_PX
        self.row_px += self._captions_px() + self.num_lanes * WORD_PX

    def paint(self) -> Image.Image:
        height = HEAD_PX + len(self.rows) * self.row_px
        self.image = Image.new("RGB", (WIDTH_PX, height), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self._head()
        for number, row in enumerate(self.rows):
            y = HEAD_PX + number * self.row_px
            self._axis(row, y)
            y += AXIS_PX
            self._thumbs(row, y)
            y += self.thumb_px[1] + 5
            self._shots(row, y)
            y += SHOTS_PX
            self._clips(row, y)
            y += CLIPS_PX + self._captions_px()
            (self._words if self.is_wordy else self._speech)(row, y)
        return self.image

    def _thumb_size(self) -> tuple[int, int]:
        """Return width and height of a thumbnail: the same area for any shape."""
        stream = self.scan.video_stream
        shape = min(max(stream.width_px / stream.height_px, 0.4), 4.0)
        height = round(math.sqrt(THUMB_AREA_PX / shape))
        return round(height * shape), height

    def _captions_px(self) -> int:
        lines = max(map(len, self.captions), default=0)
        return lines * CAPTION_PX + 8 if lines else 0

    def _count_lanes(self) -> int:
        if not self.is_wordy:
            return 1 if self.words else 0
        rows = [self._places(self._words_of(row), row) for row in self.rows]
        return lanes_needed(rows, right=RIGHT_PX, max_lanes=MAX_LANES)

    def _words_of(self, row: Row) -> list[Word]:
        return [w for w in self.words if row.start_us <= w.start_us < row.end_us]

    def _places(self, words: Sequence[Word], row: Row) -> tuple[list[float], list[float]]:
        widths = [font_for(word.text, 19).getlength(word.text) for word in words]
        return [row.x(word.start_us) for word in words], widths

    def _head(self) -> None:
        name = self.video.title or self.video.final_uri.rsplit("/", 1)[-1]
        self._text(LEFT_PX, 20, name, 32, width=RIGHT_PX - LEFT_PX)
        facts = "  ·  ".join(self._facts())
        self._text(LEFT_PX, 64, facts, 18, FAINT, width=RIGHT_PX - LEFT_PX)
        x = float(LEFT_PX)
        kinds = {boundary.kind for boundary in self.scan.boundaries}
        for kind, color in TRANSITIONS.items():
            if kind in kinds:
                self.draw.rounded_rectangle((x, 95, x + 12, 107), 2, color)
                x += 19 + self._text(x + 19, 91, kind.value, 16, FAINT) + 22
        if any(map(_is_doubtful, self.words)):
            self._text(x, 91, "words in orange: probability under one half", 16, DOUBTFUL)
        if not all(map(can_draw, {word.text for word in self.words})):
            note = "boxes: letters that no font of this machine has"
            width = font_for(note, 16).getlength(note)
            self._text(RIGHT_PX - width, 91, note, 16, DOUBTFUL)

    def _facts(self) -> list[str]:
        scan, stream, transcript = self.scan, self.scan.video_stream, self.video.transcript
        facts = [
            clock(scan.end_us - scan.start_us),
            f"{stream.width_px}x{stream.height_px}",
            f"{stream.frames_per_s:.3g} frames/s",
            stream.codec,
            _count(len(scan.shots), "shot"),
            _count(len(self.clips), "clip"),
            _count(len(self.words), "word") if scan.audio_stream else "no sound",
        ]
        if transcript and transcript.language and self.words:
            share = transcript.language_probability
            sure = "" if share is None else f" ({share:.0%})"
            facts.append(f"spoken: {transcript.language}{sure}")
        return facts

    def _axis(self, row: Row, y: int) -> None:
        for time_us in ticks(row, self.scan.end_us):
            label = clock(time_us).removesuffix(".0")
            x, width = row.x(time_us), font_for(label, 15).getlength(label)
            self.draw.line((x, y + 19, x, y + 24), FAINT)
            self._text(min(max(x - width / 2, LEFT_PX - 8), RIGHT_PX - width), y, label, 15, FAINT)

    def _thumbs(self, row: Row, y: int) -> None:
        if not self.scan.frames:
            return
        self._lane(y + self.thumb_px[1] / 2 - 10, "frames")
        count = max(round((RIGHT_PX - LEFT_PX) / self.thumb_px[0]), 1)
        width = (RIGHT_PX - LEFT_PX) / count
        end = row.x(self.scan.end_us)
        for number in range(count):
            left = LEFT_PX + number * width
            middle = row.start_us + row.duration_us * (number + 0.5) / count
            if left >= end - 8:
                break
            shown = max(bisect_right(self.frame_times, min(middle, self.scan.end_us - 1)) - 1, 0)
            picture = Image.open(io.BytesIO(self.read_frame(self.scan.frames[shown])))
            size = (round(left + width) - round(left) - 3, self.thumb_px[1])
            thumb = ImageOps.fit(picture.convert("RGB"), size)
            # The last one ends where the video ends.
            thumb = thumb.crop((0, 0, max(min(size[0], round(end - left)), 1), size[1]))
            self.image.paste(thumb, (round(left), y))

    def _shots(self, row: Row, y: int) -> None:
        self._lane(y, "shots")
        for number, shot in enumerate(self.scan.shots):
            if row.meets(shot.start_us, shot.end_us):
                left, right = row.x(shot.start_us), row.x(shot.end_us)
                self.draw.rectangle((left, y, right, y + 20), SHOTS[number % 2])
                if right - left > 70:
                    self._text(left + 9, y + 1, f"shot {number + 1}", 15, INK)
        for boundary in self.scan.boundaries:
            if row.meets(boundary.start_us, boundary.end_us + 1):
                left, right = row.x(boundary.start_us), row.x(boundary.end_us)
                box = (left - 1.5, y - 5, max(right, left) + 1.5, y + 23)
                self.draw.rounded_rectangle(box, 2, TRANSITIONS.get(boundary.kind, INK))

    def _clips(self, row: Row, y: int) -> None:
        self._lane(y + 4, "clips")
        if any(self.captions):
            self._lane(y + CLIPS_PX + 2, "seen")
        for number, (clip, lines) in enumerate(zip(self.clips, self.captions, strict=True)):
            if not row.meets(clip.start_us, clip.end_us):
                continue
            left, right = row.x(clip.start_us) + 1, row.x(clip.end_us) - 1
            self.draw.rounded_rectangle((left, y, max(right, left + 2), y + 27), 6, CLIP)
            short = f"clip {number + 1}"
            long = f"{short}  ·  {(clip.end_us - clip.start_us) / 1e6:.1f} s"
            for label in (long, short):
                if font_for(label, 17).getlength(label) <= right - left - 16:
                    self._text(left + 9, y + 3, label, 17, CLIP_TEXT)
                    break
            for line_number, line in enumerate(lines if self._widest(clip) == row else ()):
                top = y + CLIPS_PX + 1 + line_number * CAPTION_PX
                self._text(left + 9, top, line, CAPTION_SIZE, CAPTION)

    def _wrap_caption(self, clip: Clip) -> list[str]:
        """Break a clip's caption into lines, for the row that shows most of the clip."""
        row, caption = self._widest(clip), _caption(clip)
        width = row.x(clip.end_us) - row.x(clip.start_us) - 24
        font = font_for(caption, CAPTION_SIZE)
        return wrap(caption, width, font, max_lines=CAPTION_LINES) if width > 60 else []

    def _widest(self, clip: Clip) -> Row:
        return max(self.rows, key=lambda row: row.shared_us(clip.start_us, clip.end_us))

    def _words(self, row: Row, y: int) -> None:
        words = self._words_of(row)
        if self.num_lanes:
            self._lane(y + 1, "said")
        wanted, widths = self._places(words, row)
        for place in place_words(wanted, widths, num_lanes=self.num_lanes, right=RIGHT_PX):
            word = words[place.index]
            color = DOUBTFUL if _is_doubtful(word) else INK
            self._text(place.x, y + place.lane * WORD_PX, word.text, 19, color)

    def _speech(self, row: Row, y: int) -> None:
        if self.num_lanes:
            self._lane(y, "said")
        for word in self.words:
            if row.meets(word.start_us, word.end_us):
                left, right = row.x(word.start_us), row.x(word.end_us)
                color = DOUBTFUL if _is_doubtful(word) else SPEECH
                self.draw.rectangle((left, y + 3, max(right, left + 1), y + 19), color)

    def _lane(self, y: float, name: str) -> None:
        self._text(32, y, name, 16, FAINT)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        color: tuple[int, int, int] = INK,
        *,
        width: float = math.inf,
    ) -> float:
        """Draw a text, shortened to `width`, and return how wide it is."""
        font = font_for(text, size)
        fitting = shorten(text, width, font)
        self.draw.text((x, y), fitting, color, font)
        return font.getlength(fitting)


def _caption(clip: Clip) -> str:
    """Return what is seen in a clip, if somebody wrote it."""
    seen = (c.text for c in clip.captions if c.kind in {TextKind.CAPTION, TextKind.GIVEN})
    return next(filter(None, seen), "")


def _is_doubtful(word: Word) -> bool:
    return word.probability is not None and word.probability < DOUBTFUL_PROBABILITY


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
