"""Names of strata without groups that were taken down: a tombstone keeps no more than a digest."""

import re

from ....schemas.denied import Denied
from ....schemas.ids import group_key
from ..sample.strata import DIMENSIONS, SCORES

_TAKEN_DOWN = "taken down"
_GROUP = re.compile(r"(?:\A|, )group=")
_AFTER_GROUP = re.compile(rf", (?:(?:{'|'.join(DIMENSIONS)})=|(?:{'|'.join(SCORES)}) )|\Z")
"""What may follow a group in a stratum's name, such as `, speech=yes`: a group may have commas."""


def without_group(stratum: str, denied: Denied) -> str:
    """Return a stratum's name with `taken down` in place of a group that was, as `strata` made it.

    Args:
        stratum: a name such as `group=@jane, speech=yes`.
        denied: what was taken down.
    """
    for match in _GROUP.finditer(stratum) if denied.groups else ():
        start = match.end()
        for end in reversed([after.start() for after in _AFTER_GROUP.finditer(stratum, start)]):
            if group_key(stratum[start:end]) in denied.groups:
                return f"{stratum[:start]}{_TAKEN_DOWN}{stratum[end:]}"
    return stratum
