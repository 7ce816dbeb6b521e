"""Calls of remote stores: what is tried again, how long, and what is told at the end."""

import errno
import io
from types import SimpleNamespace

import pytest

from interlink.pipeline.storage.patience import ATTEMPTS, PatientFile, ask, http_status, is_passing
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """The pauses that would be made, none of which is."""
    made: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=made.append))
    return made


class Call:
    """Raises its errors one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def answered(status: int) -> OSError:
    """Return the OSError that s3fs makes of a response, with botocore's error as its cause."""
    exceptions = pytest.importorskip("botocore.exceptions")
    response = {"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = OSError(errno.EIO, f"the store says {status}")
    error.__cause__ = exceptions.ClientError(response, "PutObject")
    return error


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again_after_growing_pauses(status, pauses):
    call = Call(*(answered(status) for _ in range(ATTEMPTS - 1)))
    assert ask("read it", call) == "answer"
    assert call.times == ATTEMPTS
    assert [int(pause) for pause in pauses] == [1, 4, 16, 60]


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TimeoutError("slow")])
def test_a_lost_connection_is_tried_again(error):
    assert ask("read it", Call(error)) == "answer"


def test_errors_of_clients_are_told_from_what_no_patience_helps():
    exceptions = pytest.importorskip("botocore.exceptions")
    assert is_passing(exceptions.EndpointConnectionError(endpoint_url="http://x"))
    assert is_passing(exceptions.ReadTimeoutError(endpoint_url="http://x"))
    assert not is_passing(exceptions.NoCredentialsError())
    assert not is_passing(ValueError("a bug"))
    assert not is_passing(KeyboardInterrupt())


def test_the_end_of_patience_is_a_fault_of_the_machine(pauses):
    call = Call(*(answered(503) for _ in range(99)))
    with pytest.raises(EnvironmentFault, match=r"cannot read it: the store says 503; check that"):
        ask("read it", call)
    assert call.times == ATTEMPTS


def test_a_refusal_is_told_at_once(pauses):
    with pytest.raises(EnvironmentFault, match=r"cannot write it: Access Denied; .*the rights to"):
        ask("write it", Call(PermissionError("Access Denied")))
    exceptions = pytest.importorskip("botocore.exceptions")
    with pytest.raises(EnvironmentFault, match="Unable to locate credentials; check"):
        ask("write it", Call(exceptions.NoCredentialsError()))
    assert pauses == []


@pytest.mark.parametrize("kind", [FileNotFoundError, FileExistsError])
def test_that_a_file_is_there_or_not_is_an_answer(kind):
    with pytest.raises(kind, match="x"):
        ask("read it", Call(kind("x")))


def test_a_precondition_that_did_not_hold_means_that_there_is_a_file():
    with pytest.raises(FileExistsError, match="write it"):
        ask("write it", Call(answered(412)))


def test_a_full_disk_of_this_machine_is_not_the_store_s_fault():
    with pytest.raises(OSError, match="No space"):
        ask("read it", Call(OSError(errno.ENOSPC, "No space left on device")))


def test_a_bug_stays_a_bug(pauses):
    with pytest.raises(ZeroDivisionError, match="by zero"):
        ask("read it", lambda: 1 // 0)
    assert pauses == []


@pytest.mark.parametrize(
    ("attributes", "status"), [({"status": 503}, 503), ({"code": 429}, 429), ({"code": "x"}, None)]
)
def test_statuses_of_other_clients_are_found(attributes, status):
    error = OSError("x")
    vars(error).update(attributes)
    assert http_status(error) == status


def test_a_file_reads_on_where_a_range_failed():
    class Flaky(io.BytesIO):
        fails = 2

        def read(self, size=-1):
            data = super().read(size)
            if self.fails:
                self.fails -= 1
                raise ConnectionResetError("gone")
            return data

    with PatientFile(Flaky(b"0123456789"), "read it") as file:
        file.seek(2)
        assert file.read(3) == b"234"
        assert file.tell() == 5
        buffer = bytearray(8)
        assert file.readinto(buffer) == 5
        assert bytes(buffer[:5]) == b"56789"
        file.seek(0)
        assert file.read() == b"0123456789"
        assert file.seekable()
        assert file.readable()
    assert file.closed
