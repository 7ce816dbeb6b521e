"""Whether anybody listens at a cluster's address, told within seconds."""

import socket
import urllib.parse

from ...schemas.errors import EnvironmentFault

CONNECT_S = 10.0


def check_reachable(address: str, *, what: str, fix: str) -> None:
    """Refuse an address where nobody listens: engines themselves would try for minutes.

    Args:
        address: `host:port`, with or without a scheme; any other word is left to the engine.
        what: who should listen there, for the error.
        fix: what to do, for the error.

    Raises:
        EnvironmentFault: nobody listens.
    """
    try:
        place = urllib.parse.urlsplit(address if "://" in address else f"//{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise EnvironmentFault(f"{what} cannot be at {address!r}: {error}; {fix}") from error
    if host is None or port is None:
        return
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        raise EnvironmentFault(f"cannot reach {what} at {address!r}: {error}; {fix}") from error
