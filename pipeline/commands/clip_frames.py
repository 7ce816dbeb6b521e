"""The frames of one file for a model: a picture is one, a video is scanned as the pipeline does."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from ...model.data.pictures import choose_evenly
from ...schemas.arrow import from_plain
from ...schemas.errors import RecordError, UsageError
from ...schemas.video import Scan
from ...transforms.child import Child
from ...transforms.frames import evenly_spaced
from ...transforms.media.blobs import BLOB_NAME, Blob, read_blob
from ...transforms.media.jpeg import decode_jpeg
from ...transforms.media.limits import MediaLimits
from ...transforms.media.scan import ScanVideos
from ...transforms.text.assemble import AssembleDocuments

_PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM")
"""Formats of pictures, by Pillow's names; a GIF is taken for a video."""
_SCAN = "interlink.transforms.media.scan_file:scan_file"
_DEADLINE_S = 3600.0
MICROSECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ShownFrame:
    """One picture that a model is shown."""

    picture: npt.NDArray[np.uint8]
    """uint8, shape (height, width, 3), RGB."""
    time_s: float
    """Seconds since the file's first frame."""


def read_clip_frames(path: Path, *, most: int) -> list[ShownFrame]:
    """Return the frames that a training would show of a file, were it one clip of a document.

    Args:
        path: a video or a picture.
        most: at most so many frames, evenly spaced.

    Raises:
        UsageError: it is neither a video nor a picture that can be read.
    """
    picture = _read_picture(path)
    if picture is not None:
        return [ShownFrame(picture=picture, time_s=0.0)]
    frames = _scan(path)
    # First what a document keeps of a clip, then what a sample shows of that.
    kept = evenly_spaced(frames, AssembleDocuments().frames_per_clip)
    return [kept[index] for index in choose_evenly(len(kept), most)]


def _read_picture(path: Path) -> npt.NDArray[np.uint8] | None:
    """Return an upright picture, or None for a file that is none."""
    try:
        with Image.open(path, formats=_PICTURES) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), np.uint8)
    except UnidentifiedImageError:
        return None
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(f"the picture {path} cannot be read: {error}") from error


def _scan(path: Path) -> list[ShownFrame]:
    """Return the frame set of a video, with the defaults of a recipe."""
    defaults = ScanVideos()
    options = {
        "grid_us": round(MICROSECONDS / defaults.frames_per_s),
        "short_side_px": defaults.short_side_px,
        "jpeg_quality": defaults.jpeg_quality,
    }
    with tempfile.TemporaryDirectory(prefix="interlink-") as folder, Child() as child:
        arguments = {
            "path": str(path.resolve()),
            "folder": folder,
            "options": options,
            "limits": asdict(MediaLimits()),
        }
        try:
            answer = child.call(_SCAN, arguments, deadline_s=_DEADLINE_S)
        except RecordError as error:
            raise UsageError(f"{path} is no video or picture that can be read: {error}") from error
        scan: Scan = from_plain(answer["scan"], Scan)
        blobs = Path(folder) / BLOB_NAME
        return [
            ShownFrame(
                picture=decode_jpeg(read_blob(blobs, Blob(offset=offset, size=size))),
                time_s=(frame.time_us - scan.start_us) / MICROSECONDS,
            )
            for frame, (offset, size) in zip(scan.frames, answer["frames"], strict=True)
        ]
