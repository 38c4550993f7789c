"""What a newcomer does: search, look, play, compare, judge, collect, export."""

from __future__ import annotations

from tests.server.browser.conftest import hit, hits, search


def test_from_a_sentence_to_a_timeline(visit, tmp_path):
    page = visit()
    found = search(page, "people cross a square")
    assert {found[0], found[1], found[2]} == {"people_cross_square.mp4", "holiday.mp4", "tape.avi"}

    # thumbnails with time codes, which move under the pointer
    card = hit(page, "holiday.mp4")
    assert card.locator(".span").inner_text() == "0:10\N{EN DASH}0:20"
    assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    card.hover()
    page.wait_for_selector(".hit.moving")
    assert card.locator(".sprite").evaluate("node => getComputedStyle(node).animationName") == "sprite"

    # a click plays from the right second, with the scores of the whole video below
    card.locator(".open").click()
    video = page.locator("#player video")
    page.wait_for_function("() => document.querySelector('#player video')?.played.length")
    assert abs(video.evaluate("video => video.played.start(0)") - 10) < 0.2
    curve = page.get_by_role("slider", name="Score along the video")
    points = curve.locator("polyline").get_attribute("points").split()
    heights = [float(point.split(",")[1]) for point in points]
    places = [float(point.split(",")[0]) / 1000 * 20 for point in points]
    assert 10 <= places[heights.index(min(heights))] <= 20
    page.keyboard.press("Escape")

    # more like this, and not this
    before = hits(page)
    hit(page, "city_traffic.mp4").locator(".like").click()
    page.get_by_text("More like this: city_traffic.mp4").wait_for()
    liked = hits(page)
    assert liked.index("city_traffic.mp4") < before.index("city_traffic.mp4")
    hit(page, "city_traffic.mp4").locator(".like").click()
    assert hits(page) == before
    hit(page, "people_cross_square.mp4").locator(".unlike").click()
    page.get_by_text("Not like this: people_cross_square.mp4").wait_for()
    assert hits(page).index("people_cross_square.mp4") > 0
    page.get_by_role("button", name="Remove: Not like this: people_cross_square.mp4").click()
    assert hits(page) == before

    # four into the basket, one with another in point, and the timeline of them
    for name in ("holiday.mp4", "people_cross_square.mp4", "city_traffic.mp4", "hand_holds_bottle.mp4"):
        hit(page, name).locator(".keep").click()
    page.locator("#show-basket").click()
    page.get_by_label("In point of holiday.mp4").fill("0:11.5")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Move down: holiday.mp4").click()
    page.get_by_label("Format").select_option("edl")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "Selection.edl"
    download.value.save_as(tmp_path / "cut.edl")
    lines = (tmp_path / "cut.edl").read_text().splitlines()
    names = [line.split(": ")[1] for line in lines if "FROM CLIP NAME" in line]
    assert names[:2] == ["people_cross_square.mp4", "holiday.mp4"]
    events = [line.split()[-4:-2] for line in lines if line[:3].isdigit()]
    assert len(events) == 4
    assert events[1] == ["00:00:11:15", "00:00:20:00"]  # an EDL of 10 fps counts 30
