"""Speech for the example videos, by the flite synthesiser inside the system's FFmpeg."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..schemas.errors import EnvironmentFault

SAMPLE_RATE_HZ = 16_000
"""What flite's full voices speak in: nothing is resampled."""

Samples = npt.NDArray[np.int16]

_AUDIBLE = 300
"""Samples below this level (about -41 dB of full scale) count as silence around a sentence."""


def require_flite() -> None:
    """Check that this machine can speak.

    Raises:
        EnvironmentFault: there is no FFmpeg with flite.
    """
    remedy = (
        "making the example videos anew needs an `ffmpeg` command with the flite speech source; "
        "Debian's and Ubuntu's has it: apt-get install ffmpeg (the videos in the repository need "
        "nothing)"
    )
    if shutil.which("ffmpeg") is None:
        raise EnvironmentFault(f"no `ffmpeg` found on the PATH: {remedy}")
    command = ["ffmpeg", "-hide_banner", "-filters"]
    filters = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if " flite " not in filters:
        raise EnvironmentFault(f"{shutil.which('ffmpeg')} was built without flite: {remedy}")


def speak(text: str, voice: str) -> Samples:
    """Return the sound of one sentence, without the silence around it.

    Args:
        text: an English sentence.
        voice: one of `story.VOICES`.

    Returns:
        int16, shape (num_samples,), mono, `SAMPLE_RATE_HZ`.

    Raises:
        EnvironmentFault: FFmpeg failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        # From a file: the filter's own argument would need escapes for : and '
        (Path(folder) / "text.txt").write_text(text, encoding="utf-8")
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i"]
        command += [f"flite=textfile=text.txt:voice={voice}"]
        command += ["-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-f", "s16le", "-"]
        done = subprocess.run(command, capture_output=True, check=False, cwd=folder)
    samples = np.frombuffer(done.stdout, np.int16)
    audible = np.nonzero(np.abs(samples.astype(np.int32)) > _AUDIBLE)[0]
    if done.returncode != 0 or len(audible) == 0:
        message = done.stderr.decode(errors="replace").strip()
        raise EnvironmentFault(f"FFmpeg's flite did not speak {text!r}: {message or 'silence'}")
    return samples[audible[0] : audible[-1] + 1]
