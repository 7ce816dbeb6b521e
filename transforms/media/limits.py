"""What a file may be before it is decoded: formats, codecs, sizes.

The lists follow what video sites and cameras deliver. Whatever else FFmpeg can open (playlists that
read their neighbours, pictures of 16,000 pixels a side in 31 kB) is refused before it is decoded.
"""

from dataclasses import dataclass

FORMATS = frozenset(
    [
        "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "mpeg", "avi",
        "flv", "ogg", "asf", "mp3", "wav", "flac", "aac",
    ]
)  # fmt: skip
"""Demuxers that may be used. Sound formats are here so that the error can say what they lack."""
VIDEO_CODECS = frozenset(
    [
        "h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1",
        "mpeg4", "mpeg2video", "mpeg1video", "msmpeg4v3", "h263", "flv", "wmv2", "vc1", "theora",
        "mjpeg", "prores", "dnxhd",
    ]
)  # fmt: skip
"""Video decoders that may be used, by FFmpeg's name; several decoders exist for one codec."""
AUDIO_CODECS = frozenset(
    [
        "aac", "aac_latm", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis",
        "libvorbis", "flac", "alac", "ac3", "eac3", "dca", "wmav1", "wmav2", "wmapro", "amrnb",
        "amrwb", "libopencore_amrnb", "libopencore_amrwb", "adpcm_ms", "adpcm_ima_wav",
        "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8",
        "pcm_alaw", "pcm_mulaw",
    ]
)  # fmt: skip
"""Sound decoders that may be used."""
PROBE_BYTES = 5 << 20
PROBE_US = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """Sizes past which a file is refused."""

    max_side_px: int = 8192
    """Longest side of a picture."""
    max_pixels: int = 8192 * 4320
    """Pixels of a picture: 8K cinema. Also set on the decoder, for pictures that grow later."""
    max_duration_s: float = 4 * 3600.0
    """Duration that the header declares, or that decoding reaches."""
    max_streams: int = 32
    """Streams of any kind."""
