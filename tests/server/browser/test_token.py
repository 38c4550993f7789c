"""A service with an access token: the page asks for it."""

from __future__ import annotations

from tests.server.browser.conftest import hits, serving

TOKEN = "correct-horse-battery"


def test_the_page_asks_for_the_token(visit, index, tmp_path):
    with serving(index, tmp_path, "--token", TOKEN) as address:
        page = visit("q=people&only=holiday", address=address)
        page.get_by_role("textbox", name="Token").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("The server does not take this token.").wait_for()
        page.get_by_role("textbox", name="Token").fill(TOKEN)
        page.keyboard.press("Enter")
        assert hits(page) == ["holiday.mp4"]
        assert TOKEN not in page.evaluate("document.cookie")
        other = visit(f"token={TOKEN}&q=people&only=holiday", address=address)
        assert hits(other) == ["holiday.mp4"]
        assert "token" not in other.url
    visit.errors[:] = [error for error in visit.errors if "401" not in error]
