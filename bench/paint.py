"""How soon a phone shows the dashboard: `python bench/paint.py http://localhost:8000 EMAIL PASSWORD [PATH]`.

A screen of 360 px, a processor four times slower, 1.6 Mbit/s and 150 ms, an empty cache, five times. Prints the middle
of the largest contentful paint, the largest layout shift, the bytes over the wire and the requests. Needs Chromium
(CHROMIUM names another path) and a site that runs already, such as bin/demo.
"""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

ROUNDS = 5
BITS, LATENCY_MS, SLOWER = 1_600_000, 150, 4
WATCH = """
window.paint = { lcp: 0, cls: 0 };
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.paint.lcp = entry.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.paint.cls += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Visit:
    lcp_ms: float
    shift: float
    bytes: int
    requests: int
    plotly: int


def visit(browser: Browser, address: str, cookies: list[dict[str, object]]) -> Visit:
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    context.add_init_script(WATCH)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    speed = {"downloadThroughput": BITS / 8, "uploadThroughput": BITS / 8, "latency": LATENCY_MS}
    devtools.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[int] = []
    asked: list[str] = []
    devtools.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(500)
    paint = page.evaluate("window.paint")
    context.close()
    return Visit(paint["lcp"], paint["cls"], sum(received), len(asked), sum("plotly" in url for url in asked))


def measure(base: str, email: str, password: str, path: str = "/portfolio/") -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{base}/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", password)
        page.click("main button.primary")
        page.wait_for_url(f"{base}/portfolio/")
        cookies = [dict(cookie) for cookie in context.cookies()]
        visits = [visit(browser, f"{base}{path}", cookies) for _ in range(ROUNDS)]
        browser.close()
    print(f"largest contentful paint, middle of {ROUNDS}: {statistics.median(v.lcp_ms for v in visits):.0f} ms")
    print(f"worst of them: {max(v.lcp_ms for v in visits):.0f} ms")
    print(f"layout shift, the largest: {max(v.shift for v in visits):.4f}")
    print(f"over the wire: {max(v.bytes for v in visits):,} bytes in {max(v.requests for v in visits)} requests")
    print(f"requests for Plotly: {max(v.plotly for v in visits)}")


if __name__ == "__main__":
    measure(*sys.argv[1:5])
