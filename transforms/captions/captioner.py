"""What a captioner is: chosen frames of some clips in, texts out, matched by clip id."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ...schemas.text import Caption

if TYPE_CHECKING:
    from numpy.typing import NDArray

Item = TypeVar("Item")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClipFrame:
    """One decoded frame of a clip."""

    time_us: int
    """Its presentation time on the source's clock."""
    sha256: str
    """Digest of the JPEG that it was decoded from, hexadecimal."""
    rgb: "NDArray[Any]"
    """uint8, shape (height, width, 3), RGB."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClipFrames:
    """What a captioner is shown of one clip."""

    clip_id: str
    """The clip."""
    start_us: int
    """Start of the clip on the source's presentation clock."""
    end_us: int
    """End of the clip, exclusive."""
    frames: tuple[ClipFrame, ...]
    """The frames that `Captioner.choose` chose, in time order; at least one."""
    frames_digest: str
    """Digest of the times and contents of `frames`: what `Caption.frames_digest` is to say."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClipTexts:
    """What a captioner says of one clip."""

    clip_id: str
    """The clip."""
    captions: tuple[Caption, ...]
    """Texts to add to it."""
    text_area_share: float | None = None
    """Share of the picture that on-screen text covers, in [0, 1]; None if nobody looked."""


class Captioner(ABC):
    """A way to caption clips; one subclass and one file per backend.

    Subclasses are keyword-only dataclasses whose first field, `backend`, is a literal that tells
    them apart in a recipe. They pickle before `setup`.
    """

    version: ClassVar[int] = 1
    """Raised when the same frames give other texts."""

    sees_batches: ClassVar[bool] = True
    """Whether a clip's texts may depend on the others of its batch, as with padded sequences."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    @abstractmethod
    def name_and_revision(self) -> tuple[str, str]:
        """Return name and revision of what writes the captions; callable before `setup`."""

    def models(self) -> tuple[str, ...]:
        """Name every model that decides the output, as `name@revision`."""
        return ("@".join(self.name_and_revision()),)

    @abstractmethod
    def setup(self) -> None:
        """Load what is too heavy to ship. Called once in each worker."""

    @abstractmethod
    def teardown(self) -> None:
        """Release what `setup` took."""

    @abstractmethod
    def choose(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return those of a clip's frames that the captioner wants to see, in time order."""

    @abstractmethod
    def caption(self, clips: Sequence[ClipFrames]) -> Sequence[ClipTexts]:
        """Return the texts of each clip, in any order; each result carries its clip's id."""


def evenly(items: Sequence[Item], count: int) -> Sequence[Item]:
    """Return `count` of `items` evenly spaced, first and last among them; all if there are fewer.

    One is the middle one.
    """
    if len(items) <= count:
        return items
    if count == 1:
        return [items[len(items) // 2]]
    last = len(items) - 1
    return [items[(i * last + (count - 1) // 2) // (count - 1)] for i in range(count)]
