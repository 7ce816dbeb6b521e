"""What the captioners' tests share: drawn clips whose facts are known."""

import dataclasses
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from interlink.transforms.captions.captioner import ClipFrame, ClipFrames
from interlink.transforms.captions.facts import FactsCaptioner

Picture = NDArray[np.uint8]
Color = tuple[int, int, int]

COLORS = {
    "red": (200, 30, 40),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "green": (40, 160, 70),
    "orange": (240, 130, 20),
    "purple": (130, 50, 160),
    "white": (245, 245, 245),
    "pink": (240, 130, 170),
}
BACKGROUNDS = {
    "dark green": (25, 70, 40),
    "light gray": (200, 200, 200),
    "dark blue": (20, 30, 80),
    "brown": (110, 75, 45),
    "black": (15, 15, 15),
    "beige": (225, 210, 180),
}
TOO_ALIKE = {
    ("green", "dark green"),
    ("blue", "dark blue"),
    ("white", "light gray"),
    ("white", "beige"),
    ("yellow", "beige"),
    ("pink", "beige"),
    ("pink", "light gray"),
    ("orange", "brown"),
    ("red", "brown"),
}
SHAPES = ("circle", "square", "triangle")
MOTIONS = {
    "from left to right": (1, 0),
    "from right to left": (-1, 0),
    "downwards": (0, 1),
    "upwards": (0, -1),
}
CAMERAS = ("pans left", "pans right", "tilts up", "tilts down", "zooms in", "zooms out")
TEXTS = ("STEP 1", "STEP 7", "Add 250 g flour", "TURN IT OVER", "Wait 5 minutes", "Mix well")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """What one drawn clip shows."""

    background: str
    color: str | None
    shape: str
    direction: str | None
    camera: str
    text: str | None
    size: tuple[int, int]
    seconds: float
    radius: int
    seed: int


class Studio:
    """Draws clips, and passes them through the frame set's size and JPEG."""

    def scene(self, seed: int) -> Scene:
        """Draw a scene's facts by lot; one in seven is a title card."""
        rng = np.random.default_rng(seed)
        background = str(rng.choice(list(BACKGROUNDS)))
        fitting = [c for c in COLORS if (c, background) not in TOO_ALIKE]
        camera = "still" if rng.random() < 0.55 else str(rng.choice(CAMERAS))
        is_card = rng.random() < 1 / 7
        moves = camera == "still" and rng.random() < 0.75
        return Scene(
            background=background,
            color=None if is_card else str(rng.choice(fitting)),
            shape=str(rng.choice(SHAPES)),
            direction=str(rng.choice(list(MOTIONS))) if moves and not is_card else None,
            camera="still" if is_card else camera,
            text=str(rng.choice(TEXTS)) if is_card or rng.random() < 0.6 else None,
            size=(360, 640) if rng.random() < 0.2 else (640, 360),
            seconds=float(rng.uniform(2.5, 8)),
            radius=int(rng.integers(28, 50)),
            seed=seed,
        )

    def pictures(self, scene: Scene) -> list[Picture]:
        """Draw a scene at two frames per second."""
        count = int(scene.seconds * 2) + 1
        return [self.jpeg(self._paint(scene, i / (count - 1))) for i in range(count)]

    def _paint(self, scene: Scene, share: float) -> Picture:
        width, height = scene.size
        rng = np.random.default_rng(scene.seed)
        world = self.world(scene.background, 2 * width, 2 * height, rng, scene.camera != "still")
        x, y = width, height
        if scene.color:
            dx, dy = MOTIONS.get(scene.direction or "", (0, 0))
            x += int(dx * width * 0.7 * (share - 0.5))
            y += int(dy * height * 0.6 * (share - 0.5))
            self.thing(world, scene.shape, COLORS[scene.color], (x, y), scene.radius)
        picture = self._view(world, scene, share)
        if scene.text:
            at = (24, 48) if scene.color else (40, height // 2)
            self.text(picture, scene.text, at)
        return picture

    @staticmethod
    def _view(world: Picture, scene: Scene, share: float) -> Picture:
        """Look at the world as the camera does: half a width aside, or up to 1.5 times nearer."""
        width, height = scene.size
        across, down = {
            "pans right": (1, 0),
            "pans left": (-1, 0),
            "tilts down": (0, 1),
            "tilts up": (0, -1),
        }.get(scene.camera, (0, 0))
        left = int(width / 2 + across * width * 0.5 * (share - 0.5))
        top = int(height / 2 + down * height * 0.5 * (share - 0.5))
        if scene.camera.startswith("zooms"):
            nearness = share if scene.camera == "zooms in" else 1 - share
            center = (float(width), float(height))
            matrix = cv2.getRotationMatrix2D(center, 0, 1 + 0.5 * nearness)
            world = cv2.warpAffine(world, matrix, (2 * width, 2 * height))
        return world[top : top + height, left : left + width].copy()

    @staticmethod
    def world(
        background: str, width: int, height: int, rng: np.random.Generator, is_textured: bool
    ) -> Picture:
        """A plain wall, or tiles on which a moving camera can be seen."""
        wall = np.full((height, width, 3), BACKGROUNDS[background], np.float32)
        if is_textured:
            tiles = rng.normal(0, 9, (height // 20, width // 20)).astype(np.float32)
            tiles = cv2.resize(tiles, (width, height), interpolation=cv2.INTER_NEAREST)
            wall += tiles[..., None]
        return np.clip(wall, 0, 255).astype(np.uint8)

    @staticmethod
    def thing(
        picture: Picture, shape: str, color: Color, center: tuple[int, int], radius: int
    ) -> None:
        """Draw a filled shape."""
        x, y = center
        if shape == "circle":
            cv2.circle(picture, center, radius, color, -1, cv2.LINE_AA)
        elif shape == "square":
            cv2.rectangle(picture, (x - radius, y - radius), (x + radius, y + radius), color, -1)
        else:
            low = y + round(radius * 0.8)
            corners = np.array([[x, y - radius], [x - radius, low], [x + radius, low]], np.int32)
            cv2.fillPoly(picture, [corners], color, cv2.LINE_AA)

    @staticmethod
    def text(picture: Picture, words: str, at: tuple[int, int], scale: float = 1.0) -> None:
        """Write white words on a dark banner."""
        (width, height), below = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
        corner = (at[0] + width + 8, at[1] + below + 6)
        cv2.rectangle(picture, (at[0] - 8, at[1] - height - 8), corner, (20, 20, 20), -1)
        white = (255, 255, 255)
        cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, white, 2, cv2.LINE_AA)

    @staticmethod
    def encode(rgb: Picture) -> bytes:
        """Make the JPEG that the frame set would hold: short side 336, quality 88."""
        height, width = rgb.shape[:2]
        scale = min(1.0, 336 / min(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
        return data.tobytes()

    def jpeg(self, rgb: Picture) -> Picture:
        """Return a picture as it comes out of the frame set."""
        data = np.frombuffer(self.encode(rgb), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].copy()

    @staticmethod
    def clip(pictures: Sequence[Picture], clip_id: str = "clip") -> ClipFrames:
        """Make what a captioner is shown, half a second between frames."""
        frames = tuple(
            ClipFrame(time_us=i * 500_000, sha256=f"{i:064d}", rgb=picture)
            for i, picture in enumerate(pictures)
        )
        end_us = len(pictures) * 500_000
        return ClipFrames(
            clip_id=clip_id, start_us=0, end_us=end_us, frames=frames, frames_digest="digest"
        )


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio()


@pytest.fixture(scope="session")
def facts_captioner() -> FactsCaptioner:
    pytest.importorskip("rapidocr")
    captioner = FactsCaptioner()
    captioner.setup()
    return captioner


@pytest.fixture(scope="session")
def tiny_llava(tmp_path_factory) -> Path:
    """A random vision-language model on disk, of the real format."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    spec = importlib.util.spec_from_file_location(
        "interlink_test_tiny_llava", Path(__file__).parents[2] / "tiny_llava.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build_tiny_llava(tmp_path_factory.mktemp("models") / "tiny-llava")
