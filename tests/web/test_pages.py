"""Every page as it is first seen, in both themes, wide and narrow: axe, and the rules that every visit checks."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.network import Coordinator
from tests.web.browser import NARROW, WIDE
from tests.web.conftest import Visit
from tests.web.wallet import Wallet

PUBLIC = {
    "/": "Network",
    "/verify": "Verify a receipt",
    "/provide": "Provide",
    "/compute": "Compute",
    "/wallet": "Wallet",
    "/agents": "Agents",
    "/nowhere": "Nothing here",
}
OWN = ["/provide", "/compute", "/compute?mine", "/wallet"]
"""Pages that show more to who is signed in."""
LOOKS = [
    pytest.param({"color_scheme": scheme, "viewport": size}, id=f"{scheme}-{size['width']}")
    for scheme in ("light", "dark")
    for size in (WIDE, NARROW)
]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PUBLIC)
def test_a_stranger_sees(served: Coordinator, visit: Visit, path: str, look: dict[str, Any]):
    visitor = visit(served.url, reduced_motion="reduce", **look)

    visitor.page.goto(path)

    expect(visitor.page).to_have_title(f"{PUBLIC[path]} · Hypernode")
    visitor.assert_well_made()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", OWN)
def test_the_signed_in_see(served: Coordinator, visit: Visit, wallet: Wallet, path: str, look: dict[str, Any]):
    visitor = visit(served.url, wallet=wallet, reduced_motion="reduce", **look)
    visitor.page.goto(path)
    visitor.sign_in()

    visitor.page.reload()

    visitor.assert_well_made()


def test_every_page_is_reached_with_the_keyboard_alone(served: Coordinator, visit: Visit):
    visitor = visit(served.url)
    page = visitor.page
    page.goto("/")
    visitor.settle()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    for number in [*range(1, links.count()), 0]:
        links.nth(number).focus()
        page.keyboard.press("Enter")
        expect(links.nth(number)).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("heading", level=1)).to_contain_text(links.nth(number).inner_text())
        expect(page.get_by_role("main")).to_be_focused()


def test_the_theme_is_chosen_and_kept(served: Coordinator, visit: Visit):
    page = visit(served.url, color_scheme="light").page
    page.goto("/")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    page.get_by_role("button", name="System theme; change").click()
    page.get_by_role("button", name="Light theme; change").click()

    expect(page.get_by_role("button", name="Dark theme; change")).to_be_visible()
    expect(page.locator("html")).not_to_have_css("background-color", light)
    page.reload()
    expect(page.locator("html")).not_to_have_css("background-color", light)


def test_the_policy_forbids_what_a_break_in_would_need(served: Coordinator, visit: Visit):
    page = visit(served.url).page
    policy = page.goto("/").all_headers()["content-security-policy"]  # type: ignore[union-attr]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
