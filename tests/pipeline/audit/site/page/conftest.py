"""Review sites of made-up items, opened in a browser from `file://`."""

import dataclasses
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from interlink.pipeline.audit.site.data import (
    Context,
    Fact,
    Neighbour,
    Score,
    Sheet,
    SiteClaim,
    SiteItem,
    SiteMedia,
    SiteSource,
    SiteText,
    SiteWord,
    Term,
    TimedText,
)
from interlink.pipeline.audit.site.folder import write_site
from interlink.schemas.ids import digest
from interlink.schemas.text import TextKind

SECOND = 1_000_000
AUDIT_ID = "0123456789abcdef0123456789abcdef"
CLAIMS = (
    "A red circle moves from left to right over a beige background.",
    "The text on screen reads “STEP 1”.",
    "The camera zooms in.",
)
SPEECH = ("First", "place", "the", "red", "ball", "on", "the", "table", "and", "leave", "it")


class Visit:
    """One page opened from a folder, and all that went wrong on it."""

    def __init__(self, browser: Any, folder: Path, **options: Any) -> None:
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.dialogs: list[str] = []
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        self.context = browser.new_context(accept_downloads=True, offline=True, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._on_console)
        self.page.on("dialog", self._on_dialog)
        self.page.goto((folder / "index.html").as_uri())

    def begin(self, name: str = "Ann") -> "Visit":
        """Say who judges, by keyboard alone."""
        self.page.keyboard.type(name)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".item")
        return self

    def until(self, expression: str) -> None:
        """Wait until an expression is true; asked from outside, as the page's policy wants it."""
        end = time.monotonic() + 10
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def download(self) -> str:
        """Return the ratings file, downloaded by its key."""
        with self.page.expect_download() as info:
            self.page.keyboard.press("d")
        return Path(info.value.path()).read_text("utf-8")

    def foreign(self) -> list[str]:
        """Return the requests that left this machine."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def _on_dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens a folder: `visit(folder)`; at the end nothing may have gone wrong."""
    visits = []

    def open_page(folder: Path, **options: Any) -> Visit:
        visits.append(Visit(browser, folder, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.context.close()
        assert one.problems == []
        assert one.dialogs == []
        assert one.foreign() == []


class SiteMaker:
    """Writes sites of made-up items into one folder each."""

    def __init__(self, folder: Path, make_video: Any) -> None:
        self._folder = folder
        self._make_video = make_video

    def __call__(self, items: list[SiteItem], name: str = "site") -> Path:
        folder = self._folder / name
        write_site(
            folder, items, audit_id=AUDIT_ID, title="How-to videos", dataset_version=3, view="clean"
        )
        return folder

    def items(self, count: int, *, media: bool = False, pair: bool = False) -> list[SiteItem]:
        """Return items, with real pictures and a real clip each where asked for."""
        files = self._write_media() if media else (None, None)
        return [make_item(number, *files, pair=pair) for number in range(count)]

    def _write_media(self) -> tuple[SiteMedia, Sheet]:
        folder = self._folder / "site"
        for name in ("media", "sheets"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        video = self._make_video("clip.mp4", shots=(2.0, 2.0), audio=(440,))
        shutil.copyfile(video.path, folder / "media/clip.mp4")
        shades = np.linspace(40, 220, 8).astype(np.uint8).reshape(2, 4, 1)
        picture = np.kron(shades, np.ones((90, 160, 3), np.uint8))
        Image.fromarray(picture).save(folder / "sheets/clip.jpg")
        media = SiteMedia(src="media/clip.mp4", mime="video/mp4", start_us=10 * SECOND)
        sheet = Sheet(
            src="sheets/clip.jpg",
            columns=4,
            rows=2,
            frame_width_px=160,
            frame_height_px=90,
            times_us=tuple(10 * SECOND + number * SECOND // 2 for number in range(8)),
        )
        return media, sheet


@pytest.fixture
def make_site(tmp_path: Path, make_video: Any) -> SiteMaker:
    return SiteMaker(tmp_path, make_video)


def make_item(
    number: int, media: SiteMedia | None = None, sheet: Sheet | None = None, *, pair: bool = False
) -> SiteItem:
    """Return an item of four seconds; item `number` of its audit."""
    texts = [make_text("a", CLAIMS, "facts (1)")]
    if pair:
        texts.append(make_text("b", CLAIMS[:1], "secret-model (2)"))
    starts = range(10 * SECOND, 14 * SECOND, 4 * SECOND // len(SPEECH))
    return SiteItem(
        item_id=digest("item", number),
        clip_id=digest("clip", number),
        document_id=digest("document", number // 3),
        video_id=digest("video", number // 3),
        group=f"channel {number % 3}",
        start_us=10 * SECOND,
        end_us=14 * SECOND,
        media=media,
        sheet=sheet,
        texts=tuple(texts),
        words=tuple(
            SiteWord(text=word, start_us=at, end_us=at + 300_000, probability=0.4 + 0.05 * place)
            for place, (word, at) in enumerate(zip(SPEECH, starts, strict=False))
        ),
        speech=(),
        screen_text=(timed(TextKind.SCREEN_TEXT, "STEP 1", 10, 12),),
        context=Context(
            start_us=0,
            end_us=20 * SECOND,
            clips=(
                neighbour(0, 9, "A title on a dark background."),
                Neighbour(start_us=10 * SECOND, end_us=14 * SECOND, is_this=True, texts=()),
                neighbour(14, 20, "A blue square stays in the center."),
            ),
            gaps=(timed(TextKind.SPEECH, "and then", 9, 10),),
        ),
        scores=(
            Score(name="motion", value=12.3456, unit=None, meaning="Change per second."),
            Score(name="speech_share", value=0.7512, unit="share", meaning="Share of its time."),
        ),
        flags=(Term(name="no_audio", title="no audio", meaning="The video has no sound."),),
        source=make_source(number),
        provenance=(Fact(name="step caption", value=digest("step")),),
    )


def make_text(side: Any, claims: tuple[str, ...], writer: str) -> SiteText:
    return SiteText(
        side=side,
        kind=TextKind.CAPTION,
        text=" ".join(claims),
        status="ok",
        writer=writer,
        claims=tuple(SiteClaim(number=n, text=text) for n, text in enumerate(claims)),
        facts=(Fact(name="object", value="color: red, shape: circle"),),
    )


def make_source(number: int) -> SiteSource:
    return SiteSource(
        title=f"How to set the table, part {number}",
        creator="A channel",
        creator_uri="https://example.org/channel",
        uri=f"https://example.org/channel/{number}.mp4",
        site="example",
        published="2025-01-02",
        language="en" if number % 2 else "de",
        license="CC-BY-4.0",
        license_raw="CC BY 4.0",
        license_source="manifest",
    )


def neighbour(start_s: int, end_s: int, caption: str) -> Neighbour:
    texts = (timed(TextKind.CAPTION, caption, start_s, end_s),)
    return Neighbour(start_us=start_s * SECOND, end_us=end_s * SECOND, is_this=False, texts=texts)


def timed(kind: TextKind, text: str, start_s: int, end_s: int) -> TimedText:
    return TimedText(kind=kind, text=text, start_us=start_s * SECOND, end_us=end_s * SECOND)


def with_text_everywhere(value: Any, text: str) -> Any:
    """Return a record with every free text of it replaced; ids, paths and names of lists stay."""
    kept = {"item_id", "clip_id", "document_id", "video_id", "side", "kind", "src", "mime"}
    if isinstance(value, tuple):
        return tuple(with_text_everywhere(one, text) for one in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type | Sheet | SiteMedia):
        return text if isinstance(value, str) else value
    changes = {
        field.name: with_text_everywhere(getattr(value, field.name), text)
        for field in dataclasses.fields(value)
        if field.name not in kept
    }
    return dataclasses.replace(value, **changes)


@pytest.fixture
def hostile() -> Any:
    """Replaces every free text of an item: `hostile(item, text)`."""
    return with_text_everywhere
