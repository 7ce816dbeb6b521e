import pytest

from interlink.transforms.fetch.license import license_key, to_spdx


@pytest.mark.parametrize(
    ("raw", "spdx"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc by-sa 3.0", "CC-BY-SA-3.0"),
        ("CC BY NC ND 2.0", "CC-BY-NC-ND-2.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC-BY-SA-3.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/deed.de", "CC-BY-NC-SA-4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Creative Commons Attribution license (reuse allowed)", "CC-BY-3.0"),
        ("CC0", "CC0-1.0"),
        ("MIT", "MIT"),
        ("Apache-2.0", "Apache-2.0"),
        ("CC BY", None),
        ("CC BY-ND-SA 4.0", None),
        ("Standard YouTube License", None),
        ("all rights reserved", None),
        ("", None),
        (None, None),
    ],
)
def test_a_license_becomes_its_spdx_identifier_or_stays_unknown(raw, spdx):
    assert to_spdx(raw) == spdx


def test_licenses_are_compared_by_identifier_else_by_their_own_words():
    assert license_key("cc by 4.0") == license_key("CC-BY-4.0")
    assert license_key(" Ours ") == license_key("ours")
    assert license_key("") is None
