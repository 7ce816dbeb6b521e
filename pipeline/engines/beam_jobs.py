"""Jobs on a Beam job service, which outlive their driver: find, follow and cancel them."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.portability.api import beam_job_api_pb2_grpc as api_calls
from apache_beam.runners.portability.portable_runner import TERMINAL_STATES, PipelineResult

from ...schemas.errors import EnvironmentFault, IncompleteError
from ...schemas.ids import digest
from ..jobs.job import Job, RemoteJob
from ..parts.part import PartRunner
from ..parts.stop_note import stop_step
from ..storage.store import Store
from .address import CONNECT_S, check_reachable

logger = logging.getLogger(__name__)

CANCEL_S = 8.0
"""Patience with a job that was cancelled; a driver that is told to stop has 10 s."""
CALL_S = 10.0
"""Patience with the service's answer to one question."""
_KEEPALIVE = [("grpc.keepalive_time_ms", 360_000), ("grpc.keepalive_timeout_ms", 20_000)]
"""A service that is gone without a word is noticed; one that is asked more often than each 5
minutes, gRPC's own limit, hangs up."""
_NAME_OPTION = "beam:option:job_name:v1"
_FIX = "start it, or mend --job_endpoint"


class JobService:
    """A job service, as Flink's and Spark's job servers offer one.

    Args:
        endpoint: `host:port`.

    Raises:
        EnvironmentFault: there is none.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        check_reachable(endpoint, what="Beam's job service", fix=_FIX)
        channel = grpc.insecure_channel(endpoint, options=_KEEPALIVE)
        try:
            grpc.channel_ready_future(channel).result(timeout=CONNECT_S)
        except grpc.FutureTimeoutError as error:
            raise EnvironmentFault(
                f"no Beam job service answers at {endpoint!r}; {_FIX}"
            ) from error
        self._stub = api_calls.JobServiceStub(channel)

    def live_jobs(self, patience_s: float | None = None) -> dict[str, str]:
        """Return the names of the jobs that have not ended, by id.

        Raises:
            IncompleteError: no answer within `patience_s`, by default `CALL_S`.
        """
        infos = self._ask(self._stub.GetJobs, api.GetJobsRequest(), patience_s).job_info
        return {
            info.job_id: info.pipeline_options.fields[_NAME_OPTION].string_value
            for info in infos
            # A job that was prepared and never started stays in the first of these for ever.
            if info.state not in (api.JobState.STOPPED, *TERMINAL_STATES)
        }

    def has_ended(self, job_id: str | None) -> bool:
        """Tell whether a job is known to have ended; where the service is silent, it is not."""
        try:
            return job_id not in self.live_jobs()
        except IncompleteError as error:
            logger.warning("it is not known whether the job %s has ended: %s", job_id, error)
            return False

    def find(self, name: str) -> str | None:
        """Return the id of a live job of that name."""
        return next((job_id for job_id, given in self.live_jobs().items() if given == name), None)

    def follow(self, job_id: str) -> Any:  # noqa: ANN401  (Beam has no types)
        """Return the result of a job, as `Pipeline.run` would."""
        messages = self._stub.GetMessageStream(api.JobMessagesRequest(job_id=job_id))
        states = self._stub.GetStateStream(api.GetJobStateRequest(job_id=job_id))
        return PipelineResult(self._stub, job_id, messages, states)

    def clear(self, job: Job, store: Store, folder: str, name: str) -> RemoteJob | None:
        """Take stock of the jobs that other drivers of a run left.

        Those of the same step under another key are cancelled: the recipe was edited. But not
        where the driver may live, on another host. Those of other steps and plans are left alone.

        Returns:
            A live job of that name, or None.
        """
        live, wanted = self.live_jobs(), None
        for left in job.left_remote("beam"):
            if left.job_id not in live:
                job.forget_remote(left)
            elif left.name == name:
                wanted = left
            elif left.step == folder or _step_name(left.step) != _step_name(folder):
                continue
            elif job.is_orphan(left):
                logger.warning("cancelling the job %s, which a dead driver left", left.job_id)
                self.abandon(left.job_id, store, left.stop_note)
                job.forget_remote(left)
            else:
                logger.warning(
                    "the job %s, of a driver on another host and another state of the recipe, may "
                    "go on: if that driver is dead, cancel the job at %s",
                    left.job_id,
                    self.endpoint,
                )
        return wanted

    def abandon(self, job_id: str, store: Store, stop_note: str) -> None:
        """Cancel a job and wait for its end; its workers end after the part in hand.

        The local job service of Beam 2.77 calls a job cancelled and lets its workers go on.

        Raises:
            IncompleteError: it does not end.
        """
        stop_step(store, stop_note, IncompleteError(f"the job {job_id} was cancelled"))
        deadline = time.monotonic() + CANCEL_S
        self._ask(self._stub.Cancel, api.CancelJobRequest(job_id=job_id), CANCEL_S)
        while job_id in self.live_jobs(max(1.0, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                raise IncompleteError(
                    f"the Beam job {job_id} at {self.endpoint} was cancelled {CANCEL_S:.0f} s ago "
                    "and still runs; end it there, then run again"
                )
            time.sleep(0.2)

    def _ask(self, call: Callable[..., Any], request: Any, patience_s: float | None = None) -> Any:  # noqa: ANN401
        try:
            return call(request, timeout=patience_s or CALL_S)
        except grpc.RpcError as error:
            raise IncompleteError(
                f"Beam's job service at {self.endpoint!r} took a connection and did not answer: "
                f"{error.details()}; look at its log and at the network on the way there, then "
                "run again to go on"
            ) from error


def job_name(runner: PartRunner, part: str) -> str:
    """Return the name of the job that takes the plan of `part` through a step.

    The same after a restart, another one for each run, plan and step; in small letters, digits and
    hyphens, at most 63, as Dataflow wants it.
    """
    run = digest(runner.open_store().locate(""))[:8]
    folder = runner.folder.rpartition("/")[2]
    return f"interlink-{run}-{part.partition('-')[0]}-{folder}".lower().replace("_", "-")


def id_of(result: Any) -> str | None:  # noqa: ANN401  (Beam has no types)
    """Return what the cluster calls a job; None for one that ends with its driver."""
    if callable(getattr(result, "job_id", None)):  # Dataflow's
        return str(result.job_id())
    found: str | None = getattr(result, "_job_id", None)  # a job service's; it has no public name
    return found


def dataflow_errors() -> tuple[type[Exception], ...]:
    """Return what Dataflow's client raises of its own, for `except`."""
    try:
        from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
        from apache_beam.runners.dataflow.internal.apiclient import DataflowJobAlreadyExistsError
    except ImportError:  # without its client there is no job that could fail
        return ()
    return (DataflowRuntimeException, DataflowJobAlreadyExistsError)


def last_words(text: str) -> str:
    """Return what matters of a traceback: its last line, or what a failed call says of itself."""
    details = re.findall(r'^\s*details = "(.+)"$', text, re.MULTILINE)
    return str(details[-1]) if details else next(iter(text.strip().splitlines()[::-1]), "")


def _step_name(folder: str) -> str:
    return folder.rpartition("-")[0]
