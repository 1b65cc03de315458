"""How much is kept of what somebody has written before, and what happens when there is no room for more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.clock import Clock
from tests.support.stored import OTHER, QUESTION, begin_session, kept, save, sql, texts
from visionsprat.domain.records import Conflict, Draft, Reflection
from visionsprat.errors import VersionsFull
from visionsprat.store import Store, quotas


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_OF_QUESTION", 10)
    monkeypatch.setattr(quotas, "MOST_OF_PERSON", 15)
    monkeypatch.setattr(quotas, "MOST_BYTES", 10_000)


def refuse(store: Store, account_id: int, text: str, question: str = QUESTION) -> Conflict:
    """Have a text refused, as one written without having seen the newest."""
    answer = store.save_reflection(account_id, Draft(question, text, 0))
    assert isinstance(answer, Conflict)
    return answer


@pytest.fixture
def full(store: Store, amina: int) -> list[Conflict]:
    save(store, amina, "Först")
    return [refuse(store, amina, f"Annan {number}") for number in range(10)]


def test_refused_texts_are_kept_until_there_is_no_room_and_that_is_told_before(
    store: Store, amina: int, full: list[Conflict]
) -> None:
    assert [each.is_kept for each in full] == [True] * 10
    assert [each.current.nearly_full for each in full] == [False] * 7 + [True] * 3
    assert store.is_nearly_full(amina, QUESTION) and not store.is_nearly_full(amina, OTHER)
    more = refuse(store, amina, "Annan 10")
    assert not more.is_kept and more.current.text == "Först"
    assert len(kept(store, amina)) == 10


def test_a_refused_text_that_is_sent_again_needs_no_more_room(
    store: Store, amina: int, full: list[Conflict]
) -> None:
    assert refuse(store, amina, "Annan 9").is_kept


def test_nothing_that_was_saved_is_written_over_without_room_to_keep_it(
    store: Store, amina: int, full: list[Conflict], clock: Clock
) -> None:
    with pytest.raises(VersionsFull):
        store.save_reflection(amina, Draft(QUESTION, "Nytt", 1))
    assert texts(store, amina) == {QUESTION: "Först"}
    assert [text for _, text in kept(store, amina)] == [f"Annan {number}" for number in range(10)]
    clock.now += timedelta(hours=1)
    with pytest.raises(VersionsFull):
        store.save_reflection(amina, Draft(QUESTION, "Nytt", 1))


def test_what_needs_no_room_is_saved_as_ever(store: Store, amina: int, bengt: int) -> None:
    save(store, amina, "Ett")
    for number in range(10):
        refuse(store, amina, f"Annan {number}")
    assert save(store, amina, "Ett svar", question=OTHER).revision == 1
    assert save(store, amina, "Ett svar till", 1, OTHER).revision == 2
    assert save(store, bengt, "Bengts").revision == 1


def test_a_person_has_room_for_so_many_in_all(store: Store, amina: int) -> None:
    for question in (QUESTION, OTHER):
        save(store, amina, "Först", question=question)
    fates = [refuse(store, amina, f"Annan {n}", (QUESTION, OTHER)[n % 2]).is_kept for n in range(18)]
    assert fates == [True] * 15 + [False] * 3


def test_a_person_has_room_for_so_many_bytes(store: Store, amina: int) -> None:
    save(store, amina, "Först")
    fates = [refuse(store, amina, f"{number}" + "å" * 1_500).is_kept for number in range(5)]
    assert fates == [True] * 3 + [False] * 2
    assert refuse(store, amina, "kort").is_kept


def test_texts_that_wait_provisionally_go_first(store: Store, amina: int, clock: Clock) -> None:
    save(store, amina, "x" * 400, question=OTHER)
    save(store, amina, "x" * 300, 1, OTHER)
    assert sql(store, "SELECT count(*) FROM reflection_revisions WHERE is_provisional") == [(1,)]
    save(store, amina, "Först")
    for number in range(6):
        assert refuse(store, amina, f"{number}" + "å" * 750).is_kept
    assert refuse(store, amina, "y" * 900).is_kept
    assert sql(store, "SELECT count(*) FROM reflection_revisions WHERE is_provisional") == [(0,)]


def test_at_sign_out_nothing_is_kept_beyond_the_room(store: Store, amina: int, full: list[Conflict]) -> None:
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, "Först", 1)), Reflection)
    store.erase_earlier_texts(amina, QUESTION)
    for number in range(11):
        refuse(store, amina, f"Ny {number}")
    store.end_session(begin_session(store, amina))
    assert len(kept(store, amina)) <= 11


def test_room_is_made_by_taking_earlier_texts_away(store: Store, amina: int, full: list[Conflict]) -> None:
    store.erase_earlier_texts(amina, OTHER)
    assert store.wanted_wipings() == 0
    store.erase_earlier_texts(amina, QUESTION)
    assert kept(store, amina) == []
    assert store.wanted_wipings() == 1
    assert texts(store, amina) == {QUESTION: "Först"}
    assert save(store, amina, "Nytt", 1).text == "Nytt"
