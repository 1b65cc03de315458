"""What kind of device a browser says that it runs on."""

from __future__ import annotations

import pytest

from visionsprat.web.user_agent import OTHER, device_kind

SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"

AGENTS = {
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36": "Mobil, Android",
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36": "Surfplatta, Android",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": "Mobil, Android",
    "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0": "Surfplatta, Android",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {SAFARI} Mobile/15E148": "Mobil, iPhone",
    f"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) {SAFARI} Mobile/15E148": "Surfplatta, iPad",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15": "Dator, Mac",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/142.0": "Dator, Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0": "Dator, Windows",
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36": "Dator, Linux",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36": "Dator, Chromebook",
    "python-httpx/0.28.1": OTHER,
    "<script>alert(1)</script>": OTHER,
    "": OTHER,
}


@pytest.mark.parametrize(("agent", "kind"), AGENTS.items())
def test_a_browser_is_known_by_its_user_agent(agent: str, kind: str) -> None:
    assert device_kind({"user-agent": agent}) == kind


@pytest.mark.parametrize(
    ("platform", "mobile", "kind"),
    [
        ('"Android"', "?1", "Mobil, Android"),
        ('"Android"', "?0", "Surfplatta, Android"),
        ('"Windows"', "?0", "Dator, Windows"),
        ('"macOS"', "?0", "Dator, Mac"),
        ('"Linux"', "?0", "Dator, Linux"),
        ('"Chrome OS"', "?0", "Dator, Chromebook"),
        ('"Fuchsia"', "?0", OTHER),
    ],
)
def test_chromium_says_it_in_headers_of_its_own(platform: str, mobile: str, kind: str) -> None:
    assert device_kind({"sec-ch-ua-platform": platform, "sec-ch-ua-mobile": mobile}) == kind


def test_a_header_of_its_own_says_more_than_the_user_agent() -> None:
    said = {"sec-ch-ua-platform": '"Android"', "sec-ch-ua-mobile": "?1", "user-agent": "X11; Linux x86_64"}
    assert device_kind(said) == "Mobil, Android"


def test_nothing_said_is_another_device() -> None:
    assert device_kind({}) == OTHER
