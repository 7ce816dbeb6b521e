"""Keep secrets and private paths out of messages that are stored or shown."""

import re

from ..transforms.secrets import mask

MAX_MESSAGE_CHARS = 500

_URL_SECRETS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^/@\s]*@)?(?P<rest>[^?#\s'\"]*)[^\s'\"]*"
)
_HEADER_SECRETS = re.compile(
    r"(?i)\b(?P<name>(?:proxy-)?authorization|(?:set-)?cookie|(?:access[_-]?|auth[_-]?)?token"
    r"|api[_-]?key|password|secret|signature)(?P<sign>['\"]?\s*[:=]\s*)"
    r"(?:(?:bearer|basic)\s+\S+|['\"][^'\"]*['\"]|[^\s;]+(?:;\s*[^\s;]+=[^\s;]+)*)"
)
KEYS = re.compile(
    r"\b(?:hf|gh[opsu]|github_pat|sk|xox[abp])[_-][A-Za-z0-9_-]{16,}|\bAKIA[A-Z0-9]{16}"
)
"""Keys that give themselves away by their first letters."""
_LOCAL_PATHS = re.compile(r"(?<![\w:/.~-])(?:file://)?~?/(?:[^\s/'\":]+/)+(?P<name>[^\s/'\":]*)")


def redact(message: str) -> str:
    """Return a message without tokens, URL queries, user names and folders of this machine.

    Secrets that this process has read go wherever they stand. Of a local path its last component
    stays, so that a message is the same wherever it is written.

    Args:
        message: any text, such as that of an exception; it is cut to 500 characters.
    """
    text = _LOCAL_PATHS.sub(lambda m: m["name"], mask(message))
    text = _URL_SECRETS.sub(lambda m: m["scheme"] + m["rest"], text)
    text = _HEADER_SECRETS.sub(r"\g<name>\g<sign>***", text)
    text = KEYS.sub("***", text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 3] + "..."
