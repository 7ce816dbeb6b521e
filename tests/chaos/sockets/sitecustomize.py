"""Notes every look outside: names that are asked for, and addresses other than loopback.

Python imports this at its start where it lies on `PYTHONPATH`, so workers do as well.
"""

import os
import socket
import sys
from pathlib import Path

_PATH = Path(os.environ["INTERLINK_TEST_LOOKED"])
_OWN = (None, "", "localhost", "127.0.0.1", "::1", socket.gethostname())


def _note(text):
    with _PATH.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host != "::1":
            _note(f"connect:{host}")
    elif event == "socket.getaddrinfo" and arguments[0] not in _OWN:
        _note(f"name:{arguments[0]}")


sys.addaudithook(_watch)
if not _PATH.exists():
    _note("watching")
