"""The client address that a proxy names."""

from __future__ import annotations

import pytest

from visionsprat.client import client_of


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        # What the browser itself has sent comes first: it may be anything.
        ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("made-up,192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:ffff::1]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("192.0.2.7,", ""),
        ("unknown", ""),
        ("192.0.2.7.example.se", ""),
        ("999.0.2.7", ""),
        ("x" * 10_000, ""),
    ],
    ids=lambda text: text[:30],
)
def test_the_last_entry_is_the_client(said: str, client: str) -> None:
    assert client_of(said) == client
