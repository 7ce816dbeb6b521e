"""Licenses as people write them, as SPDX identifiers (https://spdx.org/licenses)."""

import re

_CC_URL = re.compile(r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)")
_CC_WORDS = re.compile(
    r"^(?:cc|creative commons)[ -]+"
    r"(by|attribution)(-nc|-noncommercial)?(-sa|-sharealike|-nd|-noderivatives|-noderivs)?"
    r"-(\d\.\d)(?:-(?:international|unported|generic))?$"
)
_SHORT = {"attribution": "BY", "noncommercial": "NC", "sharealike": "SA"}
_SHORT |= {"noderivatives": "ND", "noderivs": "ND"}

_KNOWN = {
    # YouTube's only Creative Commons license is version 3.0 of BY
    # (https://support.google.com/youtube/answer/2797468).
    "creative commons attribution license (reuse allowed)": "CC-BY-3.0",
    "creative commons attribution licence (reuse allowed)": "CC-BY-3.0",
    "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "cc-0": "CC0-1.0",
    "cc0-1.0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "unlicense": "Unlicense",
    "odc-by-1.0": "ODC-By-1.0",
    "cdla-permissive-2.0": "CDLA-Permissive-2.0",
}


def to_spdx(raw: str | None) -> str | None:
    """Return the SPDX identifier of a license, or None where it is not certain.

    A Creative Commons license without a version stays unknown: the versions differ.

    Args:
        raw: a name such as `CC BY-SA 4.0`, an identifier, or a Creative Commons URL.
    """
    text = " ".join((raw or "").strip().lower().split())
    if text in _KNOWN:
        return _KNOWN[text]
    if "creativecommons.org/publicdomain/zero/1.0" in text:
        return "CC0-1.0"
    if match := _CC_URL.search(text):
        return f"CC-{match[1].upper()}-{match[2]}"
    if match := _CC_WORDS.match(_dashed(text)):
        terms = [part.strip("-") for part in match.groups()[:3] if part]
        return f"CC-{'-'.join(_SHORT.get(term, term.upper()) for term in terms)}-{match[4]}"
    return None


def license_key(raw: str | None) -> str | None:
    """Return what two licenses are compared by: the SPDX identifier, else the text itself."""
    text = (raw or "").strip()
    return to_spdx(text) or text.casefold() or None


def _dashed(text: str) -> str:
    """Write `cc by sa 4.0` as `cc by-sa-4.0`: dashes everywhere but after the first words."""
    head, tail = re.match(r"^(cc|creative commons)?(.*)$", text).groups()  # type: ignore[union-attr]
    tail = re.sub(r"\blicen[cs]e\b|[()]", "", tail)
    return f"{head or ''}-{re.sub(r'[ _-]+', '-', tail).strip('-')}"
