"""Beam's own runner on this machine: in this process, or on worker processes."""

import shlex
import sys

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

_WORKER = (
    # Without a handler, the first import that logs makes one on the terminal, at INFO.
    "import logging; logging.getLogger().addHandler(logging.NullHandler());"
    # Ctrl-C reaches the whole process group; what becomes of workers is the driver's business.
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    "from interlink.pipeline.parts.attempts import end_without_death;"
    "signal.signal(signal.SIGTERM, end_without_death);"
    "from apache_beam.runners.worker import sdk_worker_main; sdk_worker_main.main([])"
)


def local_runner(options: PipelineOptions, workers: int) -> FnApiRunner:
    """Return the runner of a step.

    Args:
        options: of the pipeline; those of the direct runner are honoured, and changed to what it
            takes here.
        workers: processes to work in; 1 for this one, unless the options have it otherwise.
    """
    direct = options.view_as(DirectOptions)
    if workers > 1:
        direct.direct_running_mode, direct.direct_num_workers = "multi_processing", workers
    if direct.direct_running_mode != "multi_processing":
        return FnApiRunner()
    direct.direct_running_mode = "in_memory"  # else it would start workers in its own way
    command = f"exec {shlex.join([sys.executable, '-c', _WORKER])}"
    environment = SubprocessSDKEnvironment.from_command_string(command)
    return FnApiRunner(default_environment=environment)
