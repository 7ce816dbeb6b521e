"""The command line in a process that is killed at a chosen change of files: `kill -9`, no excuse.

    python -m interlink_toy_kills 17 takedown apply DATASET ...

dies just before its 17th change, and ends well if there are fewer.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interlink.pipeline.commands.main import main
from interlink.pipeline.storage.store import Store

_CHANGES = {
    Store: ("put", "put_file", "put_if_absent", "remove"),
    Path: ("replace", "unlink", "write_bytes"),
}
_count = 0


def _deadly(change: Callable[..., Any], last: int) -> Callable[..., Any]:
    def changed(*args: Any, **named: Any) -> Any:
        global _count
        _count += 1
        if _count == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **named)

    return changed


if __name__ == "__main__":
    for owner, names in _CHANGES.items():
        for name in names:
            setattr(owner, name, _deadly(getattr(owner, name), int(sys.argv[1])))
    sys.argv = ["interlink", *sys.argv[2:]]
    main()
