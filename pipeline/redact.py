"""Keep secrets and private paths out of messages that are stored or shown."""

import re

MAX_MESSAGE_CHARS = 500

_URL_SECRETS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^/@\s]*@)?(?P<rest>[^?#\s]*)\S*")
_HEADER_SECRETS = re.compile(
    r"(?i)\b(authorization|cookie|token|api[_-]?key|password|signature)\b(\s*[:=]\s*)\S+"
)


def redact(message: str) -> str:
    """Return a message without tokens, URL queries and user names, cut to 500 characters.

    Args:
        message: any text, such as that of an exception.
    """
    text = _URL_SECRETS.sub(lambda m: m["scheme"] + m["rest"], message)
    text = _HEADER_SECRETS.sub(r"\1\2***", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 3] + "..."
