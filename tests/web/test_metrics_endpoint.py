"""GET /metrics: for whom it is, and what stands in it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.support.client import OWN, Client
from visionsprat.backups.archive import backup
from visionsprat.installation import backups_path, open_installation
from visionsprat.settings import ROOT
from visionsprat.store.schema import schema
from visionsprat.telemetry import metrics
from visionsprat.version import VERSION
from visionsprat.web.index_page import Front
from visionsprat.web.routes import OwnRoutes, routes
from visionsprat.web.security import Guard
from visionsprat.web.streamlit_routes import Allowed

TOKEN = "a-token-of-some-length"
LOCAL = {"Host": "localhost:8501"}
PUBLIC = "https://vision.example.se"


@cache
def application() -> Starlette:
    own_routes = Middleware(OwnRoutes, routes=routes())
    return Starlette(middleware=[Middleware(Guard), Middleware(Front), own_routes, Middleware(Allowed)])


def client_at(address: str = "127.0.0.1") -> Client:
    """A client whose connection comes from this address."""
    return Client(application(), address)


@pytest.fixture
def client(data_folder: object) -> Client:
    return client_at()


@pytest.fixture
def with_token(data_folder: object, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("VISIONSPRAT_METRICS_TOKEN", TOKEN)
    return client_at("192.0.2.7")


def value(answer: httpx.Response, name: str, **labels: str) -> float:
    """That of the one sample with this name and these labels."""
    (found,) = [
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(found)


def assert_wrong_address(client: Client, answer: httpx.Response) -> None:
    assert answer.status_code == 404
    wrong = client.get("/a/b", headers=LOCAL)
    assert answer.text == wrong.text
    assert {*answer.headers} == {*wrong.headers}


# For whom


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_a_program_on_this_machine_reads_them(data_folder: object, address: str, host: str) -> None:
    assert client_at(address).get("/metrics", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::2", "::ffff:192.0.2.7", "", "unix"])
def test_for_another_machine_they_do_not_exist(data_folder: object, address: str) -> None:
    client = client_at(address)
    assert_wrong_address(client, client.get("/metrics", headers=LOCAL))


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via", "X-Client"],
)
def test_what_a_proxy_on_this_machine_passes_on_needs_the_token(
    monkeypatch: pytest.MonkeyPatch, client: Client, header: str
) -> None:
    monkeypatch.setenv("VISIONSPRAT_CLIENT_HEADER", "X-Client")
    for said in ("127.0.0.1", ""):
        assert_wrong_address(client, client.get("/metrics", headers={**LOCAL, header: said}))


def test_who_asks_under_another_name_needs_the_token(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    """A proxy that adds no header passes the public name on; a page with a name of its own brings that."""
    monkeypatch.setenv("VISIONSPRAT_URL", PUBLIC)
    assert_wrong_address(client, client.get("/metrics", headers={"Host": "vision.example.se"}))
    assert client.get("/metrics", headers=LOCAL).status_code == 200


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
def test_whoever_has_the_token_reads_them(with_token: Client, given: str) -> None:
    headers = {"Authorization": given, "X-Forwarded-For": "192.0.2.1"}
    assert with_token.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer å",
    ],
)
def test_with_a_token_set_nobody_does_without_it(
    with_token: Client, data_folder: object, given: str | None
) -> None:
    headers = LOCAL if given is None else {**LOCAL, "Authorization": given.encode()}
    for client in (with_token, client_at()):
        assert_wrong_address(client, client.get("/metrics", headers=headers))


def test_streamlits_own_figures_are_for_nobody(client: Client) -> None:
    assert_wrong_address(client, client.get("/_stcore/metrics", headers=LOCAL))


# What


def test_the_figures_are_in_prometheus_form_and_not_kept(client: Client) -> None:
    answer = client.get("/metrics", headers=LOCAL)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    found = {family.name for family in text_string_to_metric_families(answer.text)}
    assert documented() < {name.removesuffix("_info") for name in found}


def documented() -> set[str]:
    """The families that the table in docs/operations.md explains."""
    paper = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `(visionsprat_[a-z_]+)", paper, re.M)
    return {name.removesuffix("_total").removesuffix("_info") for name in names}


def test_the_papers_explain_every_figure() -> None:
    found = {family.name for family in metrics.REGISTRY.collect()}
    assert {name for name in found if name.startswith("visionsprat_")} == documented()


def test_no_label_can_tell_of_a_person_or_a_text() -> None:
    labels = {
        name: set(sample.labels)
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        for name in [family.name]
        if sample.labels
    }
    build = labels.pop("visionsprat_build", set())
    assert build <= {"version", "schema", "python", "streamlit"}
    assert set().union(*labels.values()) == {"outcome", "reason", "status", "le"}


def test_it_says_what_is_running(client: Client) -> None:
    answer = client.get("/metrics", headers=LOCAL)
    assert value(answer, "visionsprat_build_info", version=VERSION, schema=schema()) == 1


def test_it_says_how_old_the_newest_backup_is(client: Client) -> None:
    house = open_installation()
    assert value(client.get("/metrics", headers=LOCAL), "visionsprat_newest_backup_age_seconds") == float(
        "inf"
    )
    made_at = house.store.clock() - timedelta(hours=3)
    backup(house.store.path, backups_path(house.settings), made_at)
    age = value(client.get("/metrics", headers=LOCAL), "visionsprat_newest_backup_age_seconds")
    assert 10_800 <= age < 11_100


def test_saves_are_counted_by_what_became_of_them(client: Client) -> None:
    def saves(outcome: str) -> float:
        return value(client.get("/metrics", headers=LOCAL), "visionsprat_saves_total", outcome=outcome)

    before = {outcome: saves(outcome) for outcome in ("malformed", "signed_out", "saved")}
    asked = {"question": "skapande/innebar", "text": "Hej.", "based_on": 0}
    client.post("/api/reflections", json=asked, headers={"Origin": OWN})
    client.post("/api/reflections", json={}, headers={"Origin": OWN})
    client.post("/api/reflections", json={}, headers={"Origin": OWN})
    grown = {outcome: saves(outcome) - before[outcome] for outcome in before}
    assert grown == {"malformed": 0, "signed_out": 3, "saved": 0}
