"""One BLAS thread in every process that touches a record, set before numpy loads.

With more, numpy's mel features, and Whisper's word times with them, depend on the machine.
"""

import os

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


def use_one_thread() -> None:
    """Set the variables for this process and all that it starts."""
    os.environ.update(ONE_THREAD)
