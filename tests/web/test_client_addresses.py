"""The client address that a proxy names."""

from __future__ import annotations

import pytest

from visionsprat.web.client_ip import UNKNOWN, client_in, client_of


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
        ("", UNKNOWN),
        ("192.0.2.7,", UNKNOWN),
        ("unknown", UNKNOWN),
        ("192.0.2.7.example.se", UNKNOWN),
        ("999.0.2.7", UNKNOWN),
        ("x" * 10_000, UNKNOWN),
    ],
    ids=lambda text: text[:30],
)
def test_the_last_entry_is_the_client(said: str, client: str) -> None:
    assert client_of(said) == client


@pytest.mark.parametrize(
    ("named", "connection", "client"),
    [
        (["192.0.2.7"], "127.0.0.1", "192.0.2.7"),
        (["198.51.100.1", "192.0.2.7"], "127.0.0.1", "192.0.2.7"),
        # Whoever gets something else past the proxy shares one count with all who do.
        (["made up"], "127.0.0.1", UNKNOWN),
        ([""], "127.0.0.1", UNKNOWN),
        ([], "192.0.2.7", "192.0.2.7"),
        # This machine itself, which may be a proxy that everybody comes through.
        ([], "127.0.0.1", ""),
        ([], "::1", ""),
        ([], "::ffff:127.0.0.1", ""),
        ([], None, ""),
    ],
)
def test_without_a_header_the_connection_tells(named: list[str], connection: str | None, client: str) -> None:
    assert client_in(named, connection) == client
