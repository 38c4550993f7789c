"""The grid: filters, what does not fit, odd names, the address, uploads."""

from __future__ import annotations

import pytest

from tests.server.browser.conftest import MARKUP, hit, hits, search
from tests.server.browser.media import SAMPLES


def test_filters_narrow_the_hits_and_stand_in_the_address(visit):
    page = visit("q=people")
    assert len(hits(page)) > 5
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Path contains").fill("holiday")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**only=holiday*")
    assert hits(page) == ["holiday.mp4"]
    page.get_by_label("All clips of a file").check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**all=1*")
    assert hits(page) == ["holiday.mp4", "holiday.mp4"]
    page.go_back()
    assert hits(page) == ["holiday.mp4"]
    page.get_by_role("button", name="Clear").click()
    assert len(hits(page)) > 5


@pytest.mark.parametrize(("filters", "found"), [
    ("where=duration+%3E+15", {"holiday.mp4", "tape.avi"}),
    ("where=duration+%3E+0&longest=8", {"skyscrapers_at_night.mp4"}),
    ("where=duration+%3E+0&exclude=.mp4", {"tape.avi"}),
    ("shortest=9&longest=11", {"city_traffic.mp4"}),
])  # fmt: skip
def test_more_filters(visit, filters, found):
    assert set(hits(visit(f"q=people&{filters}"))) == found


def test_a_wrong_expression_is_explained(visit):
    page = visit("q=people&where=colour+%3D+1")
    words = page.get_by_role("alert").filter(has_text="colour")
    words.wait_for()
    assert page.locator(".hit").count() == 0
    visit.errors[:] = [error for error in visit.errors if "400" not in error]


def test_nothing_fits(visit):
    page = visit("q=a+giraffe+plays+the+piano+under+water")
    page.get_by_text("Nothing in this index fits well.").wait_for()
    assert search(page, "people cross a square")[0] in {"people_cross_square.mp4", "holiday.mp4", "tape.avi"}
    assert page.get_by_text("Nothing in this index fits well.").count() == 0


def test_probability_and_score_are_shown(visit):
    page = visit("q=people+cross+a+square")
    hits(page)
    first = page.locator(".hit").first
    assert first.locator(".facts strong").inner_text().endswith("%")
    assert 0 < float(first.locator(".facts span").inner_text()) < 1
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("slider", name="Probability at least").fill("5")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**least=5*")
    assert 0 < len(hits(page)) < 9
    assert all(int(words[:-1]) >= 5 for words in page.locator(".facts strong").all_inner_texts())


def test_markup_in_a_name_is_text(visit):
    page = visit("q=a+cup+of+coffee")
    assert hits(page)[0] == MARKUP
    hit(page, MARKUP).locator(".open").click()
    assert page.locator("#player h2").inner_text() == MARKUP
    assert page.locator("img[src=x]").count() == 0
    page.keyboard.press("Escape")
    page.goto(page.url.split("?")[0] + "?q=<img+src=x+onerror=alert(1)>")
    hits(page)
    assert page.locator("img[src=x]").count() == 0


def test_a_file_that_is_gone_says_so(visit):
    page = visit("q=old+coins")
    hits(page)
    card = hit(page, "lost.jpg")
    assert "file is gone" in card.inner_text()
    card.locator(".open").click()
    page.get_by_text("moved or deleted since it was indexed").wait_for()


def test_back_closes_the_player_and_a_search_can_be_bookmarked(visit):
    page = visit("q=people+cross+a+square")
    hits(page)
    hit(page, "holiday.mp4").locator(".open").click()
    page.locator("#player video").wait_for()
    bookmark = page.url
    page.go_back()
    assert not page.locator("#player").evaluate("dialog => dialog.open")
    again = visit(bookmark.split("?")[1])
    again.locator("#player video").wait_for()
    assert again.locator("#player h2").inner_text() == "holiday.mp4"


def test_a_picture_is_searched_with(visit):
    page = visit()
    page.get_by_text("can be searched").wait_for()
    page.locator("#file").set_input_files(SAMPLES / "photos" / "cat_face.jpg")
    page.get_by_role("button", name="Remove: cat_face.jpg").wait_for()
    assert hits(page)[0] == "cat_face.jpg"
    page.reload()
    page.get_by_text("cat_face.jpg has to be given again.").wait_for()


def test_arrows_slash_enter_space_and_escape(visit):
    page = visit("q=people+cross+a+square")
    names = hits(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    focused = "() => document.activeElement.closest('.hit')?.querySelector('.name').textContent"
    assert page.evaluate(focused) == names[1]
    page.keyboard.press("ArrowDown")
    columns = page.evaluate(
        "() => getComputedStyle(document.getElementById('hits')).gridTemplateColumns.split(' ').length"
    )
    assert page.evaluate(focused) == names[1 + columns]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("b")
    assert page.locator("#show-basket .count").inner_text() == "1"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#player video')?.played.length")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#player video').paused")
    page.keyboard.press("Escape")
    assert not page.locator("#player").evaluate("dialog => dialog.open")
    assert page.evaluate(focused) == names[1]
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "query"
    page.keyboard.press("Escape")
    page.locator("#hits").focus()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()


def test_dates_are_understood(visit):
    page = visit("q=people&from=2001-01-01&until=2001-12-31")
    page.get_by_text("No hits.").wait_for()
    assert page.get_by_label("Taken until").input_value() == "2001-12-31"


def test_a_page_too_far_leads_back(visit):
    page = visit("q=people&page=2")
    page.get_by_text("No more hits.").wait_for()
    page.get_by_role("button", name="Previous page").click()
    assert len(hits(page)) > 5
    assert page.get_by_role("button", name="Next page").count() == 0


DROP = """async () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const paint = canvas.getContext("2d");
  paint.fillStyle = "green";
  paint.fillRect(0, 0, 64, 64);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const dropped = new DataTransfer();
  dropped.items.add(new File([blob], "green.png", { type: "image/png" }));
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def test_a_dropped_picture_is_searched_with(visit):
    page = visit("q=people")
    hits(page)
    page.evaluate(DROP)
    page.get_by_role("button", name="Remove: green.png").wait_for()
    assert len(hits(page)) > 5
    assert page.get_by_role("searchbox").input_value() == ""


def test_what_is_typed_while_the_page_loads_stays(visit, service):
    page = visit()
    page.route("**/api/indexes", lambda route: page.wait_for_timeout(500) or route.continue_())
    page.goto(f"{service}/", wait_until="commit")
    page.get_by_role("searchbox").fill("a cat")
    page.get_by_text("can be searched").wait_for()
    assert page.get_by_role("searchbox").input_value() == "a cat"


def test_a_server_that_is_gone_is_explained(visit):
    page = visit("q=people")
    hits(page)
    page.route("**/api/search", lambda route: route.abort())
    page.get_by_role("searchbox").fill("a cat")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="The server does not answer.").wait_for()
    visit.errors[:] = [error for error in visit.errors if "ERR_FAILED" not in error]
