"""Files to take home: whose they are, what is in them, and that nobody else gets them."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.client import Client, sign_in
from tests.support.clock import Clock
from visionsprat.content.module import Module
from visionsprat.domain.records import Action, Draft, NewAccount, Reflection
from visionsprat.installation import Installation, open_installation
from visionsprat.store import Store
from visionsprat.telemetry import log
from visionsprat.web import downloads
from visionsprat.web.answers import HANDLERS
from visionsprat.wording import own_copy

OWN = ("/api/mina-uppgifter.json", "/api/mina-uppgifter.txt")
TEXT = "Räksmörgås\n\noch <b>fet</b> text 🥐"


@pytest.fixture
def house(data_folder: object) -> Installation:
    return open_installation()


@pytest.fixture
def client(house: Installation) -> Client:
    return Client(Starlette(routes=[*downloads.routes(), downloads.made_up()], exception_handlers=HANDLERS))


def add(house: Installation, email: str, **more: Any) -> int:
    return house.store.add_account(NewAccount(email, "Amina Testsson", "no hash", **more))


@pytest.fixture
def amina(house: Installation, client: Client) -> int:
    account_id = add(house, "amina@test.example")
    sign_in(client, house, account_id)
    assert isinstance(house.store.save_reflection(account_id, Draft("skapande/innebar", TEXT, 0)), Reflection)
    return account_id


def test_ones_own_data_come_as_json(client: Client, amina: int) -> None:
    answer = client.get(OWN[0])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="mina-uppgifter.json"'
    (reflection,) = answer.json()["reflektioner"]
    assert (reflection["tema"], reflection["svar"]) == ("Den skapande staden", TEXT)
    assert answer.json()["konto"]["e-post"] == "amina@test.example"
    assert "no hash" not in answer.text


def test_ones_own_data_come_as_text(client: Client, amina: int) -> None:
    answer = client.get(OWN[1])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="mina-uppgifter.txt"'
    assert TEXT in answer.text and "amina@test.example" in answer.text


@pytest.mark.parametrize("address", OWN)
def test_nothing_keeps_a_copy_on_the_way(client: Client, amina: int, address: str) -> None:
    assert client.get(address).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", OWN)
def test_signed_out_ones_own_data_are_at_no_address(
    client: Client, house: Installation, amina: int, address: str
) -> None:
    house.store.end_sessions(amina)
    answer, made_up = client.get(address), client.get("/api/hittapa.json")
    assert (answer.status_code, answer.text) == (made_up.status_code, made_up.text) == (404, made_up.text)


@pytest.mark.parametrize("address", OWN)
def test_nobody_gets_another_persons_data(
    client: Client, house: Installation, amina: int, address: str
) -> None:
    sign_in(client, house, add(house, "chief@test.example", is_admin=True))
    for query in ("", f"?konto={amina}", f"?account={amina}"):
        assert TEXT.split()[0] not in client.get(address + query).text
    assert client.post(address).status_code == 404


def test_the_text_reads_question_by_question(store: Store, module: Module, clock: Clock) -> None:
    amina = store.add_account(NewAccount("amina@test.example", "Amina", None, member_of="Vård/Team 3"))
    store.save_reflection(amina, Draft("gammal/fraga", "Från förr", 0))
    store.save_reflection(amina, Draft("globala/gora", "Sedan", 0))
    store.save_reflection(amina, Draft("skapande/innebar", "Först", 0))
    clock.now += timedelta(hours=1)
    store.save_reflection(amina, Draft("skapande/innebar", "Sist", 1), device_kind="Mobil, Android")
    own = store.own_data(amina)
    assert own is not None
    text = own_copy.as_text(own, module, clock.now)
    question = module.question("skapande/innebar").text
    assert (
        f"\nDen skapande staden\n\nFråga: {question}\n\n"
        "Ditt svar, sparat 12 november 2026, 10:00 (Mobil, Android):\n\nSist\n" in text
    )
    places = [text.index(each) for each in ("Sist", "Först", "Sedan", "Tidigare frågor", "Från förr")]
    assert places == sorted(places)
    assert "Lade till en person: amina@test.example (någon annan, eller den som sköter servern)" in text
    assert "None" not in text
    (written, *_) = own_copy.as_data(own, module)["reflektioner"]
    assert (written["enhet"], written["tidigare"][0]["enhet"]) == ("Mobil, Android", "")


def test_a_copy_says_since_when_there_is_a_second_factor_and_not_its_secret(
    store: Store, module: Module, clock: Clock
) -> None:
    chief = store.add_account(NewAccount("chief@test.example", "Chief", None, is_admin=True))
    assert store.set_second_factor(chief, "SECRET", 0, ["hash of a recovery code"], "")
    own = store.own_data(chief)
    assert own is not None
    text, data = own_copy.as_text(own, module, clock.now), own_copy.as_data(own, module)
    assert "Tvåstegsinloggning: på sedan 12 november 2026, 09:00, en reservkod kvar\n" in text
    assert data["konto"]["tvåstegsinloggning_sedan"] == "2026-11-12T08:00:00+00:00"
    assert data["konto"]["reservkoder_kvar"] == 1
    for said in (text, json.dumps(data)):
        assert "SECRET" not in said and "hash of" not in said


def test_an_empty_account_reads_well_too(store: Store, module: Module, clock: Clock) -> None:
    own = store.own_data(store.add_account(NewAccount("amina@test.example", "Amina", None)))
    assert own is not None
    assert "Senast inloggad: aldrig" in own_copy.as_text(own, module, clock.now)
    assert json.loads(json.dumps(own_copy.as_data(own, module)))["reflektioner"] == []


def test_an_administrator_gets_the_record_as_it_is_filtered(client: Client, house: Installation) -> None:
    chief = add(house, "chief@test.example", is_admin=True)
    amina = add(house, "amina@test.example")
    house.store.set_active(chief, amina, False)
    sign_in(client, house, chief)
    answer = client.get(f"/api/handelser.csv?vad={Action.DEACTIVATED.value}&om=amina")
    assert answer.text.splitlines()[1].endswith(";chief@test.example;Avaktiverade;amina@test.example;")
    assert len(answer.text.splitlines()) == 2
    for wrong in ("?vad=hittapa", "?fran=i-dag"):
        assert client.get(f"/api/handelser.csv{wrong}").status_code == 404
    house.store.set_active(chief, amina, True)
    sign_in(client, house, amina)
    assert client.get("/api/handelser.csv").status_code == 404


STRANGE = [
    *("9999-12-31", "0001-01-01", "0000-00-00", "10000-01-01", "-1", "2026-02-30", "NaN", "1e999"),
    *("9" * 400, str(2**63), str(-(2**63) - 1), "\u0663", "%00", "a%00b", "%ff", "%ed%a0%80", "%", "%zz"),
    *("%f0%9f", "'", '"', "%22%27;--", "%25%5f", "..%2f..", "\u202e", "x" * 5000, "%0d%0aa:b"),
]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: ascii(value)[:30])
def test_nothing_that_is_asked_for_ends_in_an_error(house: Installation, client: Client, value: str) -> None:
    admin = add(house, "admin@test.example", is_admin=True, manages="Team 3")
    sign_in(client, house, admin)
    for address, names in {
        "/api/handelser.csv": ("vad", "om", "fran", "till"),
        "/api/min-grupp.csv": ("grupp", "visa"),
        "/api/min-grupp.xlsx": ("grupp", "visa"),
        "/api/inbjudningar.csv": ("grupp", "aldrig"),
        "/api/personallista.csv": ("x",),
        "/api/mina-uppgifter.json": ("x",),
    }.items():
        for name in names:
            method = "POST" if "inbjudningar" in address else "GET"
            assert client.request(method, f"{address}?{name}={value}").status_code in {200, 404}


def test_more_files_than_anybody_needs_are_told_to_wait_and_nobody_else(
    client: Client, house: Installation, amina: int
) -> None:
    answers = [client.get(OWN[number % 2]) for number in range(25)]
    statuses = [answer.status_code for answer in answers]
    first = statuses.index(429)
    assert first >= 20 and set(statuses[:first]) == {200}
    sentence = "Du har laddat ner många filer på kort tid. Vänta en stund och försök igen.\n"
    assert answers[first].text == sentence
    assert int(answers[first].headers["retry-after"]) in {1, 2}
    sign_in(client, house, add(house, "bengt@test.example"))
    assert client.get(OWN[0]).status_code == 200


@pytest.mark.parametrize("address", ["/api/personallista.csv", "/api/handelser.csv", "/api/min-grupp.xlsx"])
def test_administrators_and_managers_wait_likewise(client: Client, house: Installation, address: str) -> None:
    chief = add(house, "chief@test.example", is_admin=True)
    house.store.set_manager(chief, chief, house.store.make_group(chief, "Alla"), True)
    sign_in(client, house, chief)
    assert {client.get(address).status_code for _ in range(25)} == {200, 429}


@pytest.mark.parametrize("address", ["/api/personallista.csv", "/api/handelser.csv", "/api/min-grupp.csv"])
def test_whoever_has_no_right_to_a_file_is_told_in_the_log(
    client: Client, amina: int, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    with caplog.at_level(logging.INFO, log.OURS):
        assert {client.get(address).status_code for _ in range(3)} == {404}
    (line,) = caplog.records
    told = [vars(line)[name] for name in ("outcome", "account", "file")]
    assert (line.getMessage(), told) == ("Refused", ["right", amina, address.removeprefix("/api/")])


@pytest.mark.parametrize(
    "address", ["/api/mina-uppgifter.txt", "/api/min-grupp.xlsx", "/api/personallista.csv"]
)
def test_a_damaged_database_is_told_in_words_whoever_asks(
    client: Client, house: Installation, amina: int, address: str
) -> None:
    house.store.close()
    for file in house.settings.data.glob("visionsprat.db*"):
        file.write_bytes(b"This is no database. " * 1000)
    answer = client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/plain; charset=utf-8")
    assert answer.text == "Det går inte att läsa just nu. Försök igen om en stund.\n"
