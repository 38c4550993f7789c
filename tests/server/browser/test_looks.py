"""For every eye: phone width, light and dark, screen readers, keyboards."""

from __future__ import annotations

import pytest

from tests.server.browser.conftest import hit, hits

PHONE = {"width": 390, "height": 844}


def serious(page) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{issue['id']}: {node['html'][:120]}"
        for issue in found
        if issue["impact"] in ("serious", "critical")
        for node in issue["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(visit, scheme, size):
    page = visit("q=people+cross+a+square", color_scheme=scheme, viewport=size, reduced_motion="reduce")
    hits(page)
    page.get_by_role("button", name="Filters").click()
    hit(page, "city_traffic.mp4").locator(".like").click()
    page.get_by_text("More like this: city_traffic.mp4").wait_for()
    hits(page)
    hit(page, "holiday.mp4").locator(".keep").click()
    page.locator("#show-basket").click()
    assert serious(page) == []
    hit(page, "holiday.mp4").locator(".open").click()
    page.get_by_role("slider", name="Score along the video").wait_for()
    assert serious(page) == []


def test_nothing_is_wider_than_a_phone(visit):
    page = visit("q=people+cross+a+square", viewport=PHONE)
    hits(page)
    wide = "() => document.documentElement.scrollWidth"
    assert page.evaluate(wide) == 390
    page.get_by_role("button", name="Filters").click()
    hit(page, "holiday.mp4").locator(".keep").click()
    page.locator("#show-basket").click()
    assert page.evaluate(wide) == 390
    hit(page, "holiday.mp4").locator(".open").click()
    page.get_by_role("slider", name="Score along the video").wait_for()
    assert page.locator("#player").evaluate("dialog => dialog.scrollWidth") == 390


def test_less_motion_means_no_sprite_and_no_autoplay(visit):
    page = visit("q=people+cross+a+square&only=holiday", reduced_motion="reduce")
    hits(page)
    card = hit(page, "holiday.mp4")
    card.hover()
    page.wait_for_selector(".hit.moving")
    assert card.locator(".sprite").evaluate("node => getComputedStyle(node).animationName") == "none"
    card.locator(".open").click()
    page.wait_for_function("() => document.querySelector('#player video')?.readyState >= 2")
    assert page.locator("#player video").evaluate("video => video.paused")


def test_the_number_of_hits_is_announced(visit):
    page = visit("q=people&only=holiday")
    hits(page)
    assert page.locator("#status[role=status]").inner_text() == "1 hit"
