"""The content security policy holds, and nothing is asked of anybody."""

import pytest

pytestmark = pytest.mark.slow


def test_the_policy_refuses_scripts_styles_and_requests_of_others(make_site, visit):
    one = visit(make_site(make_site.items(1))).begin()
    one.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.nonce = '';
            try { script.text = 'window.hacked = 1'; } catch (error) { window.refused = 1; }
            document.head.append(script);
        }"""
    )
    assert one.page.evaluate("window.hacked") is None
    assert one.page.evaluate("window.refused") == 1
    refused = one.page.evaluate(
        """async () => {
            try { await fetch('https://example.org/'); return false; } catch { return true; }
        }"""
    )
    assert refused
    assert one.page.evaluate(
        """() => {
            try { document.body.innerHTML = '<b>x</b>'; return false; } catch { return true; }
        }"""
    )
    assert any("Content Security Policy" in problem for problem in one.problems)
    one.problems.clear()
    one.requests = [url for url in one.requests if url != "https://example.org/"]


def test_a_whole_visit_asks_for_nothing_but_files_of_the_folder(make_site, visit):
    folder = make_site(make_site.items(3, media=True))
    one = visit(folder).begin()
    one.press("Space", "g", "Enter", "r", "Escape", "?", "Escape", "d")
    root = folder.as_uri()
    assert [u for u in one.requests if not u.startswith((root, "data:", "blob:"))] == []
