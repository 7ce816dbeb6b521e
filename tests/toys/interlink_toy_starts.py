"""Starts a command again and again until it ends well, from one process that has imported it.

`python -m interlink_toy_starts LIMIT COMMAND...` forks for each start, so that one costs a tenth of
a new interpreter; prints the exit codes as JSON, negative where a signal ended one. For commands
that start no threads before the fork: importing ours starts none.
"""

import json
import os
import sys

from interlink.pipeline.commands import main as command


def main() -> None:
    """Start, and start again."""
    limit, exits = int(sys.argv[1]), []
    while len(exits) < limit and exits[-1:] != [0]:
        pid = os.fork()
        if pid == 0:
            sys.argv = ["interlink", *sys.argv[2:]]
            command.main()
        exits.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    sys.stdout.write("\n" + json.dumps(exits) + "\n")


if __name__ == "__main__":
    main()
