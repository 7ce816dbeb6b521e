import subprocess

import numpy as np
import pytest

from interlink.examples.narration import SAMPLE_RATE_HZ, require_flite, speak
from interlink.examples.story import VOICES
from interlink.schemas.errors import EnvironmentFault


def has_flite() -> bool:
    try:
        require_flite()
    except EnvironmentFault:
        return False
    return True


needs_flite = pytest.mark.skipif(not has_flite(), reason="no `ffmpeg` with flite on this machine")


@needs_flite
@pytest.mark.parametrize("voice", VOICES)
def test_a_sentence_is_spoken_the_same_each_time_and_without_silence_around_it(voice):
    samples = speak("Move the red ball from left to right.", voice)
    np.testing.assert_array_equal(samples, speak("Move the red ball from left to right.", voice))
    assert 1.5 < len(samples) / SAMPLE_RATE_HZ < 4
    assert min(abs(int(samples[0])), abs(int(samples[-1]))) > 200


@needs_flite
def test_punctuation_that_ffmpeg_would_take_for_its_own_is_spoken():
    assert len(speak("Don't: 'stop', [now]; it's 10% done.", "slt")) > SAMPLE_RATE_HZ


@needs_flite
def test_a_voice_that_does_not_exist_is_named_with_the_sentence():
    with pytest.raises(EnvironmentFault, match=r"did not speak 'Hello\.'.*nobody"):
        speak("Hello.", "nobody")


def test_a_missing_ffmpeg_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match=r"no `ffmpeg` found.*apt-get install ffmpeg"):
        require_flite()


def test_an_ffmpeg_without_flite_is_named_with_the_remedy(monkeypatch, tmp_path):
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho ' ... sine  |->A  Generate a sine wave.'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert subprocess.run(["ffmpeg"], check=True, capture_output=True).stdout
    with pytest.raises(EnvironmentFault, match=r"built without flite.*apt-get install ffmpeg"):
        require_flite()
