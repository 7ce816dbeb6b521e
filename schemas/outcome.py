"""What became of a record: dispositions, and the closed lists of reasons and error codes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from .arrow import Int32, Unit


class Disposition(StrEnum):
    """The one fate that each input of a stage has."""

    KEPT = "kept"
    """It went on to the next stage."""
    REJECTED = "rejected"
    """A rule left it out."""
    FAILED = "failed"
    """An error stopped it: a dead letter."""
    DEFERRED = "deferred"
    """Not now: a later plan takes it."""
    QUARANTINED = "quarantined"
    """It brought its worker down several times and is not tried again."""


class RejectionReason(StrEnum):
    """Why a rule left a record out."""

    DUPLICATE_SOURCE = "duplicate_source"
    """The same bytes came from an earlier source of the part."""
    EMPTY = "empty"
    """The record was expanded into nothing, such as a video without a clip."""
    TOO_SHORT = "too_short"
    """Shorter than the policy's minimum; the value is the duration in seconds."""
    TOO_LONG = "too_long"
    """Longer than the policy's maximum; the value is the duration in seconds."""
    LICENSE = "license"
    """The license is not among the allowed ones."""
    SCORE_BELOW = "score_below"
    """A stored score is under the recipe's minimum; the value is the score."""
    SCORE_ABOVE = "score_above"
    """A stored score is over the recipe's maximum; the value is the score."""
    LANGUAGE = "language"
    """The spoken language is not among the allowed ones."""
    NO_TEXT = "no_text"
    """A document would hold no text at all."""
    TAKEN_DOWN = "taken_down"
    """Somebody asked for it to be taken out, and it does not come back."""


class ErrorClass(StrEnum):
    """What a failure calls for."""

    PERMANENT = "permanent"
    """Never tried again unless asked for."""
    TRANSIENT = "transient"
    """Tried again, a bounded number of times, with growing pauses."""
    DEFERRED = "deferred"
    """Not now: a later plan takes it."""
    HOST = "host"
    """The host turned us away; the rest of its sources wait too."""
    ENVIRONMENT = "environment"
    """This machine is at fault: the run stops and no record is blamed."""
    DEADLY = "deadly"
    """Workers die of it: it is quarantined, and not tried again."""


class ErrorCode(StrEnum):
    """Why a record failed. `ERROR_CLASSES` says what each code calls for."""

    # sources
    NOT_FOUND = "not_found"
    """There is no such file."""
    PRIVATE = "private"
    """The site shows it to invited people only."""
    REMOVED = "removed"
    """The site took it down."""
    GEO_BLOCKED = "geo_blocked"
    """The site does not show it in this country."""
    AGE_GATED = "age_gated"
    """The site asks for an age."""
    LOGIN_REQUIRED = "login_required"
    """The site asks for a login."""
    DRM = "drm"
    """It is encrypted against copying."""
    UNSUPPORTED_URL = "unsupported_url"
    """Nothing here knows how to fetch such a URL."""
    HTTP_4XX = "http_4xx"
    """The server refused, with a status from 400 to 499 that has no code of its own."""
    HTTP_404 = "http_404"
    """The server has no such file."""
    HTTP_410 = "http_410"
    """The server had it once."""
    HTTP_403 = "http_403"
    """The server forbids it; often only for now."""
    HTTP_5XX = "http_5xx"
    """The server is in trouble."""
    HTTP_429 = "http_429"
    """The server wants fewer requests."""
    HTTP_REDIRECT_LOOP = "http_redirect_loop"
    """The server sends in circles, or too far."""
    RATE_LIMITED = "rate_limited"
    """The site wants fewer requests."""
    BOT_CHECK = "bot_check"
    """The site wants to see a person."""
    LIVE = "live"
    """It is being broadcast now."""
    UPCOMING = "upcoming"
    """It will be broadcast later."""
    TOO_BIG = "too_big"
    """It has more bytes than the recipe allows."""
    EMPTY_FILE = "empty_file"
    """It has no bytes."""
    INCOMPLETE = "incomplete"
    """The transfer ended before the announced length."""
    CHECKSUM = "checksum"
    """Its digest is not the one that the manifest gives."""
    TIMEOUT_TOTAL = "timeout_total"
    """It took longer than the recipe allows."""
    TIMEOUT_STALL = "timeout_stall"
    """It stopped flowing, or flows too slowly."""
    CONNECTION = "connection"
    """The connection could not be made, or broke."""
    DNS = "dns"
    """The host's name could not be resolved."""
    EXTRACTOR = "extractor"
    """The site's extractor failed; often mended by its next release."""
    PERMISSION = "permission"
    """The file may not be read."""
    # media
    NOT_MEDIA = "not_media"
    """It is something else, such as a web page."""
    BAD_CONTAINER = "bad_container"
    """The container cannot be opened."""
    NO_VIDEO_STREAM = "no_video_stream"
    """It has no moving picture."""
    UNSUPPORTED_CODEC = "unsupported_codec"
    """This build of FFmpeg has no decoder for it."""
    TOO_LARGE_PICTURE = "too_large_picture"
    """Its pictures have more pixels than are decoded."""
    TRUNCATED = "truncated"
    """Its packets end well before the declared duration."""
    GAP = "gap"
    """A long stretch in its middle has no frame."""
    MEDIA_CORRUPT = "media_corrupt"
    """Too much of it cannot be decoded."""
    DECODE_TIMEOUT = "decode_timeout"
    """Decoding took longer than its deadline."""
    CHILD_CRASHED = "child_crashed"
    """The process that decoded it died."""
    MEMORY_LIMIT = "memory_limit"
    """It needs more memory to decode than one record may have."""
    CUT_FAILED = "cut_failed"
    """The clip's file could not be written or read back."""
    # models
    MODEL_ERROR = "model_error"
    """The model failed on it."""
    # workers
    WORKER_DIED = "worker_died"
    """Three attempts died with it in hand, whole processes at a time."""
    # this machine
    DISK_FULL = "disk_full"
    """No space is left."""
    OUT_OF_MEMORY = "out_of_memory"
    """No memory is left."""
    # whatever else
    TRANSFORM_ERROR = "transform_error"
    """The transform raised something it should not have: a bug, ours or a library's."""


_OTHER_CLASSES: dict[ErrorClass, tuple[ErrorCode, ...]] = {
    ErrorClass.TRANSIENT: (
        ErrorCode.HTTP_5XX,
        ErrorCode.HTTP_403,
        ErrorCode.INCOMPLETE,
        ErrorCode.TIMEOUT_TOTAL,
        ErrorCode.TIMEOUT_STALL,
        ErrorCode.CONNECTION,
        ErrorCode.DNS,
        ErrorCode.EXTRACTOR,
        ErrorCode.CHILD_CRASHED,
    ),
    ErrorClass.DEFERRED: (ErrorCode.LIVE, ErrorCode.UPCOMING),
    ErrorClass.HOST: (ErrorCode.HTTP_429, ErrorCode.RATE_LIMITED, ErrorCode.BOT_CHECK),
    ErrorClass.ENVIRONMENT: (ErrorCode.DISK_FULL, ErrorCode.OUT_OF_MEMORY),
    ErrorClass.DEADLY: (ErrorCode.WORKER_DIED,),
}

ERROR_CLASSES: dict[ErrorCode, ErrorClass] = dict.fromkeys(ErrorCode, ErrorClass.PERMANENT) | {
    code: error_class for error_class, codes in _OTHER_CLASSES.items() for code in codes
}
"""The class of every code; what is not listed otherwise is permanent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one stage did with one of its inputs."""

    input_id: str
    """Id of the record that went in."""
    step: str
    """Name of the step."""
    stage: str
    """Name of the stage inside the step."""
    disposition: Disposition
    """Its one fate."""
    code: str | None = None
    """A `RejectionReason` or an `ErrorCode`; null when kept."""
    value: float | None = None
    """The number that decided, such as a duration in seconds or a score."""
    num_outputs: Annotated[int, Int32()] = 0
    """Records that came out of it: 1 or 0 of a `Map`, any number of an `Expand`."""
    message: str | None = None
    """What went wrong, in words, without secrets and at most 500 characters."""
    attempts: Annotated[int, Int32()] = 1
    """Times that it was tried."""
    batch_split: bool = False
    """Whether its batch had to be taken apart, so that the model saw it in other company."""
    owner_id: str | None = None
    """The source or video that the record belongs to, so that losses add up by source."""
    wait_until_us: Annotated[int, Unit("us")] | None = None
    """When a deferred record may be tried again, since 1970 in UTC; null for all others."""
