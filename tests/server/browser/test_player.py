"""The player: the right second whatever the codec, the curve, in and out points, the heat map."""

from __future__ import annotations

import pytest

from tests.server.browser.conftest import hit, hits

SHOWN_SECOND = """async () => {
  const video = document.querySelector("#player video");
  const paint = document.createElement("canvas").getContext("2d");
  paint.drawImage(video, 0, 0, 320, 240);
  return (paint.getImageData(12, 120, 1, 1).data[1] - 16) / 8;
}"""
READY = "() => { const v = document.querySelector('#player video'); return v && v.readyState >= 2 && !v.seeking; }"


def opened(visit, name: str):
    """The player at a hit, not playing."""
    page = visit(f"q=people+cross+a+square&only={name}", reduced_motion="reduce")
    hits(page)
    hit(page, name).locator(".open").click()
    page.wait_for_function(READY)
    return page


@pytest.mark.parametrize(("name", "at"), [("holiday.mp4", 10), ("tape.avi", 0)])
def test_the_second_that_is_shown(visit, name, at):
    page = opened(visit, name)
    assert page.locator("#player video").evaluate("video => video.currentTime") == pytest.approx(at, abs=0.05)
    assert page.evaluate(SHOWN_SECOND) == pytest.approx(10, abs=0.35)


@pytest.mark.parametrize("name", ["holiday.mp4", "tape.avi"])
def test_a_click_on_the_curve_seeks(visit, name):
    page = opened(visit, name)
    curve = page.get_by_role("slider", name="Score along the video")
    box = curve.bounding_box()
    curve.click(position={"x": box["width"] * 0.25, "y": 20})
    page.wait_for_timeout(300)
    page.wait_for_function(READY)
    assert page.evaluate(SHOWN_SECOND) == pytest.approx(5, abs=0.5)
    assert float(curve.get_attribute("aria-valuenow")) == pytest.approx(5, abs=0.3)


def test_in_and_out_points_go_into_the_basket(visit):
    page = opened(visit, "holiday.mp4")
    page.get_by_role("slider", name="Score along the video").wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    page.get_by_role("textbox", name="Out", exact=True).fill("18.5")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Add to the basket", exact=True).click()
    page.keyboard.press("Escape")
    page.locator("#show-basket").click()
    assert page.get_by_label("In point of holiday.mp4").input_value() == "0:12"
    assert page.get_by_label("Out point of holiday.mp4").input_value() == "0:18.5"


def test_the_heat_map_is_off_until_asked_for(visit):
    page = opened(visit, "holiday.mp4")
    assert page.locator(".heat").count() == 0
    page.get_by_role("button", name="Heat map").click()
    page.wait_for_function("() => document.querySelector('.heat .overlay').naturalWidth > 0")
    boxes = [page.locator(f".heat img >> nth={n}").bounding_box() for n in (0, 1)]
    assert boxes[0] == boxes[1]
    assert boxes[0]["width"] / boxes[0]["height"] == pytest.approx(320 / 240, abs=0.02)
    page.get_by_role("button", name="Heat map").click()
    assert page.locator(".heat").count() == 0


def test_the_next_hit(visit):
    page = visit("q=people+cross+a+square", reduced_motion="reduce")
    names = hits(page)
    page.locator(".hit .open").first.click()
    page.locator("#player video").wait_for()
    page.keyboard.press("ArrowDown")
    page.get_by_role("heading", name=names[1]).wait_for()
    page.get_by_role("button", name="Previous hit").click()
    page.get_by_role("heading", name=names[0]).wait_for()


def test_a_file_that_the_browser_fails_on_is_played_as_a_part(visit):
    page = visit("q=people+cross+a+square&only=holiday", reduced_motion="reduce")
    hits(page)
    page.route("**/media/*/file", lambda route: route.abort())
    hit(page, "holiday.mp4").locator(".open").click()
    page.wait_for_function(READY)
    assert page.locator("#player video").evaluate("video => video.currentTime") == 0
    assert page.evaluate(SHOWN_SECOND) == pytest.approx(10, abs=0.35)
    visit.errors[:] = [error for error in visit.errors if "ERR_FAILED" not in error]
