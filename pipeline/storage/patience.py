"""Calls of a remote store: tried again where that helps, else told as a fault of the machine."""

import errno
import io
import logging
import re
from collections.abc import Callable
from typing import IO, Any, TypeVar

import tenacity

from ...schemas.errors import EnvironmentFault
from ...schemas.store_errors import store_errors
from ..redact import redact

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

ATTEMPTS = 5
"""Times that a call is made in all. Clients try again by themselves before each of them fails."""
FIRST_PAUSE_S = 1.0
"""Before the second time; each further pause is four times as long, with up to 1 s by chance."""
LONGEST_PAUSE_S = 60.0

PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""HTTP answers after which the same call may succeed. 409 is how S3 answers two conditional puts of
one key at the same moment (`ConditionalRequestConflict`)."""
_NO_PRECONDITION = 412
_PASSING_NAMES = re.compile("Connection|Timeout|HTTPClientError|Payload|ServerDisconnected")
"""Classes of errors, Python's and clients', that are about the way to the store."""
_LOCAL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def ask(what: str, call: Callable[[], Answer]) -> Answer:
    """Make a call of a remote store, again and again after growing pauses while that may help.

    Args:
        what: what the call does, such as `read s3://bucket/run/recipe.yaml`; for messages.
        call: the call; doing it twice must do no harm.

    Raises:
        FileNotFoundError: there is no such file.
        FileExistsError: there is one where none may be.
        EnvironmentFault: the store cannot be reached, or refuses.
    """
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_passing),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(FIRST_PAUSE_S, LONGEST_PAUSE_S, exp_base=4)
        + tenacity.wait_random(0, 1),
        before_sleep=tenacity.before_sleep_log(logger, logging.INFO),
        reraise=True,
    )
    try:
        return patient(call)
    except (FileNotFoundError, FileExistsError):
        raise
    except store_errors() as error:
        if http_status(error) == _NO_PRECONDITION:  # s3fs says so only where the answer says which
            raise FileExistsError(what) from error
        if getattr(error, "errno", None) in _LOCAL_DISK:
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise EnvironmentFault(
            f"cannot {what}: {redact(reason or type(error).__name__)}; check that the store is "
            "there, the credentials, and the rights to read, write, list and delete"
        ) from error


def is_passing(error: BaseException) -> bool:
    """Tell whether the same call may succeed a little later."""
    if not isinstance(error, store_errors()):
        return False
    status = http_status(error)
    if status is not None:
        return status in PASSING_STATUS
    return any(_PASSING_NAMES.search(kind.__name__) for kind in type(error).__mro__)


def http_status(error: BaseException | None) -> int | None:
    """Return the HTTP status that a client's error, or what caused it, tells of; None if none."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):  # botocore
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        else:  # aiohttp and Google's clients, Azure's
            told = (getattr(error, name, None) for name in ("status", "code", "status_code"))
            status = next((number for number in told if isinstance(number, int)), None)
        if isinstance(status, int):
            return status
        error = error.__cause__
    return None


class PatientFile(io.RawIOBase):
    """A remote file open for reading, each read of which is tried again as `ask` does.

    Args:
        file: the open file; closed with this one.
        what: see `ask`.
    """

    def __init__(self, file: IO[bytes], what: str) -> None:
        self._file = file
        self._what = what

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read in any order."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset; see `io.IOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the offset of the next read."""
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        """Return the next `size` bytes, fewer at the end only; all that is left by default."""
        start = self._file.tell()

        def again() -> bytes:
            self._file.seek(start)
            return self._file.read(-1 if size is None else size)

        return ask(self._what, again)

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Fill a buffer; return how many bytes there were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()
