"""When a server says that it may be asked again (RFC 9110, 10.2.3)."""

import datetime
import email.utils
import re


def retry_after_us(value: str | None, now: datetime.datetime) -> int | None:
    """Return the time that a `Retry-After` header names, in microseconds since 1970 in UTC.

    Args:
        value: the header: seconds from now, or a date.
        now: the time of the answer, with its zone.

    Returns:
        The time, never before `now`; None without a header or with one that makes no sense.
    """
    text = (value or "").strip()
    try:
        if re.fullmatch(r"[0-9]+", text):
            until = now + datetime.timedelta(seconds=int(text))
        else:
            until = email.utils.parsedate_to_datetime(text)
            until = until if until.tzinfo else until.replace(tzinfo=datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return round(max(until, now).timestamp()) * 1_000_000
