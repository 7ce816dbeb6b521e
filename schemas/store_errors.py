"""What the clients of object stores raise, besides OSError; none of them is imported for it."""

import sys

_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
    ("aiohttp", "ClientError"),
)
"""Missing credentials, no connection, an answer that is no answer."""


def store_errors() -> tuple[type[Exception], ...]:
    """Return the classes of all errors that mean that a store cannot be used, OSError first."""
    # A client that has raised something has been imported before.
    found = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN)
    return (OSError, *(error for error in found if error is not None))
