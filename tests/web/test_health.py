"""GET /healthz: whether the database can be read and written, and nothing that is not for strangers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from tests.support.client import Client
from visionsprat.backups.archive import backup
from visionsprat.installation import Installation, backups_path, open_installation
from visionsprat.web.health import routes


@pytest.fixture
def house(data_folder: object) -> Installation:
    return open_installation()


@pytest.fixture
def client(house: Installation) -> Client:
    return Client(Starlette(routes=routes()))


def test_health_is_good(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\nnewest backup: none\n")


def test_however_many_ask_for_health_few_looks_are_taken(
    client: Client, house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looks = [1000.0], list[float]()
    monkeypatch.setattr(house.limits.health, "_now", lambda: now[0])
    look = house.store.check_health

    def watch() -> None:
        looks.append(now[0])
        look()

    monkeypatch.setattr(house.store, "check_health", watch)
    assert {client.get("/healthz").status_code for _ in range(50)} == {200}
    now[0] += 1
    house.store.path.rename(house.store.path.with_name("aside"))
    assert {client.get("/healthz").status_code for _ in range(50)} == {503}
    assert looks == [1000, 1001]


def test_health_says_how_old_the_newest_backup_is(client: Client, house: Installation) -> None:
    made_at = house.store.clock() - timedelta(hours=3, minutes=1)
    backup(house.store.path, backups_path(house.settings), made_at)
    assert client.get("/healthz").text == "ok\nnewest backup: 3 hours old\n"


@pytest.mark.parametrize("trouble", ["gone", "replaced", "unreadable"])
def test_health_tells_strangers_no_path(client: Client, house: Installation, trouble: str) -> None:
    if trouble == "gone":
        house.settings.data.rename(house.settings.data.with_name("elsewhere"))
    elif trouble == "replaced":
        house.store.path.rename(house.store.path.with_name("aside"))
        house.store.path.touch()
    else:
        house.store.path.unlink()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert str(house.settings.data) not in answer.text and str(house.settings.data.parent) not in answer.text
    assert "the data folder" in answer.text
