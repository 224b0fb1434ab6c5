"""A person's browser: real Chromium, and what it must never see on our pages."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect

from tests.web.wallet import Wallet

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 740}
PATIENCE_MS = 30_000
MOST_SHIFT, PAUSE_MS, BURST_MS = 0.1, 1_000, 5_000
KEPT = {"hypernode.session", "hypernode.theme"}
"""What local storage may hold."""
GONE = "net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_CONNECTION_RESET"
"""What a browser notes of a server that died."""
WATCH_SHIFTS = """
window.layoutShifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    const names = shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? String(node?.nodeName));
    window.layoutShifts.push({ value: shift.value, at: shift.startTime, path: location.pathname, names });
  }
}).observe({ type: "layout-shift", buffered: true });
"""

expect.set_options(timeout=PATIENCE_MS)


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium. A test without it fails: nothing else shows that the app works."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


class Visitor(AbstractContextManager["Visitor"]):
    """One person with a browser of their own, perhaps with a wallet in it. `page` is what they look at.

    Leaving checks what holds for every page: no error on the console, nothing that the Content-Security-Policy had to
    stop, no request to a stranger, no jumping layout, nothing kept but the session and the theme. A browser itself
    puts on the console that a server has gone (`sees_outage`), or refused something (`refusals`, by status).
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        rpc_url: str,
        wallet: Wallet | None = None,
        *,
        sees_outage: bool = False,
        refusals: Collection[int] = (),
        **options: Any,
    ) -> None:
        self.url = url
        self.wallet = wallet
        self._expected = (*(GONE if sees_outage else ()), *(f"status of {status}" for status in refusals))
        self.complaints: list[str] = []
        self.shifts: list[dict[str, Any]] = []
        self._known = {_origin(url), _origin(rpc_url)}
        options = {"viewport": WIDE, "permissions": ["clipboard-read", "clipboard-write"], **options}
        self.context = browser.new_context(base_url=url, **options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(WATCH_SHIFTS)
        self.context.on("console", self._read)
        self.context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        self.context.on("request", self._see)
        if wallet is not None:
            wallet.install(self.context)
        self.page: Page = self.context.new_page()

    def allow(self, url: str) -> None:
        """The person chose this address: the page may ask it."""
        self._known.add(_origin(url))

    def sign_in(self) -> None:
        """With the wallet, by the button on every page."""
        assert self.wallet is not None
        page = self.page
        page.get_by_role("banner").get_by_role("button", name="Connect").click()
        page.get_by_role("button", name=self.wallet.name).click()
        page.get_by_role("button", name="Sign in").click()
        address = self.wallet.address
        expect(page.get_by_role("button", name=f"Wallet {address[:4]}…{address[-4:]}")).to_be_visible()

    def settle(self) -> None:
        """Wait until the page shows what it has to show."""
        expect(self.page.locator("h1")).to_be_visible()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.page.evaluate("document.fonts.ready")

    def assert_well_made(self) -> None:
        """Nothing for axe to complain of, and nothing that sticks out at the side."""
        self.settle()
        self.page.evaluate(AXE.read_text())
        found: list[dict[str, Any]] = self.page.evaluate("axe.run().then(({ violations }) => violations)")
        grave = [
            f"{each['id']} ({each['impact']}): {node['html'][:300]} {node['failureSummary']}"
            for each in found
            for node in each["nodes"]
            if each["impact"] in GRAVE
        ]
        assert not grave, "\n".join(grave)
        width, room = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= room, f"the page is {width} px wide on {room} px"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        kept, shifts = self._kept(), self._shifts()
        self.context.close()
        if kind is None:
            assert not self.complaints, self.complaints
            assert kept <= KEPT, kept
            assert cumulative(shifts) <= MOST_SHIFT, shifts

    def _kept(self) -> set[str]:
        return {name for page in self.context.pages for name in page.evaluate("Object.keys(localStorage)")}

    def _shifts(self) -> list[dict[str, Any]]:
        return [shift for page in self.context.pages for shift in page.evaluate("window.layoutShifts")]

    def _read(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(each in message.text for each in self._expected):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _see(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and _origin(request.url) not in self._known:
            self.complaints.append(f"request to a stranger: {request.url}")


def cumulative(shifts: list[dict[str, Any]]) -> float:
    """Cumulative Layout Shift as the Web Vitals have it: the worst burst, of pauses under 1 s and 5 s in all."""
    worst, burst, began, last = 0.0, 0.0, 0.0, -BURST_MS
    for shift in shifts:
        if shift["at"] - last > PAUSE_MS or shift["at"] - began > BURST_MS:
            burst, began = 0.0, shift["at"]
        burst, last = burst + shift["value"], shift["at"]
        worst = max(worst, burst)
    return worst


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
