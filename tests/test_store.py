"""The store: what is saved stays saved, who sees what, and what happens when the database is in trouble."""

from __future__ import annotations

import inspect
import os
import random
import shutil
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from visionsprat.errors import AlreadyClaimed, EmailTaken, InvitationVoid, SignedOut, StoreUnavailable
from visionsprat.migrations import connect
from visionsprat.records import (
    Account,
    Attempt,
    Conflict,
    Credentials,
    Directory,
    Member,
    NewAccount,
    Reflection,
    StaffPlan,
    Visitor,
    Whom,
)
from visionsprat.store import Store, copies
from visionsprat.store.connections import translated
from visionsprat.store.reflections import LARGE_DELETION
from visionsprat.writing import TextRefused, TextTooLong

if TYPE_CHECKING:
    from tests.conftest import AddAccount, Clock

QUESTION, OTHER = "skapande/innebar", "skapande/gora"


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account()


@pytest.fixture
def bengt(add_account: AddAccount) -> int:
    return add_account("bengt@test.example", "Bengt Provberg")


def sql(store: Store, statement: str, *values: object) -> list[tuple[object, ...]]:
    """What a look into the database beside the store shows, or changes."""
    with closing(sqlite3.connect(store.path)) as db, db:
        return db.execute(statement, values).fetchall()


def save(store: Store, account_id: int, text: str, based_on: int = 0, question: str = QUESTION) -> Reflection:
    """Save a text that is expected to be accepted."""
    saved = store.save_reflection(account_id, question, text, based_on)
    assert isinstance(saved, Reflection)
    return saved


def kept(store: Store, account_id: int) -> list[tuple[object, ...]]:
    """The earlier and the refused texts that are kept, with their revisions."""
    found = (
        "SELECT revision, text FROM reflection_revisions"
        " WHERE account_id = ? AND NOT is_provisional ORDER BY revision"
    )
    return sql(store, found, account_id)


def begin_session(store: Store, account_id: int, token: str = "token") -> str:
    store.add_ticket(account_id, f"ticket of {token}")
    assert store.redeem_ticket(f"ticket of {token}", token)
    return token


def visit(store: Store, account_id: int) -> Visitor:
    visitor = store.visitor(begin_session(store, account_id, f"a look at {account_id}"))
    assert visitor is not None
    # Past the store: signing out keeps what is written, and this is but a look.
    sql(store, "DELETE FROM sessions WHERE token_hash = ?", f"a look at {account_id}")
    return visitor


def texts(store: Store, account_id: int) -> dict[str, str]:
    return {id: reflection.text for id, reflection in visit(store, account_id).reflections.items()}


# Saving a reflection


def test_a_first_save_is_revision_one_at_the_time_of_the_clock(
    store: Store, amina: int, clock: Clock
) -> None:
    assert save(store, amina, "Hej") == Reflection("Hej", 1, clock.now)
    assert visit(store, amina).reflections == {QUESTION: Reflection("Hej", 1, clock.now)}


def test_a_save_is_in_the_database_when_it_is_acknowledged(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    assert sql(store, "SELECT text FROM reflections") == [("Hej",)]


def test_each_changed_save_grows_the_revision_by_one(store: Store, amina: int, clock: Clock) -> None:
    for number, text in enumerate(["a", "ab", "abc", "abcd"]):
        clock.now += timedelta(seconds=1)
        assert save(store, amina, text, based_on=number) == Reflection(text, number + 1, clock.now)


@pytest.mark.parametrize("based_on", [0, 1, 2, 99])
def test_the_same_text_again_changes_nothing(store: Store, amina: int, clock: Clock, based_on: int) -> None:
    save(store, amina, "ett")
    second = save(store, amina, "två", based_on=1)
    clock.now += timedelta(hours=1)
    assert store.save_reflection(amina, QUESTION, "två", based_on) == second
    assert kept(store, amina) == []


def test_an_empty_text_where_nothing_was_is_no_reflection(store: Store, amina: int, clock: Clock) -> None:
    assert save(store, amina, "") == Reflection("", 0, clock.now)
    assert sql(store, "SELECT * FROM reflections") == []


def test_a_text_can_be_taken_away(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    assert save(store, amina, "", based_on=1).revision == 2
    assert texts(store, amina) == {QUESTION: ""}
    assert visit(store, amina).answered == frozenset()


def test_two_questions_have_revisions_of_their_own(store: Store, amina: int) -> None:
    save(store, amina, "ett")
    save(store, amina, "två", based_on=1)
    assert save(store, amina, "annat", question=OTHER).revision == 1
    assert texts(store, amina) == {QUESTION: "två", OTHER: "annat"}


def test_a_text_of_20_000_characters_is_saved_and_a_longer_one_told(store: Store, amina: int) -> None:
    save(store, amina, "å" * 20_000)
    with pytest.raises(TextTooLong) as caught:
        store.save_reflection(amina, QUESTION, "å" * 20_001, 1)
    assert caught.value.characters == 20_001
    assert texts(store, amina) == {QUESTION: "å" * 20_000}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff"])
def test_nul_and_half_surrogate_pairs_are_refused(store: Store, amina: int, text: str) -> None:
    save(store, amina, "Hej")
    with pytest.raises(TextRefused):
        store.save_reflection(amina, QUESTION, text, 1)
    assert texts(store, amina) == {QUESTION: "Hej"}


@pytest.mark.parametrize(
    "text",
    [
        "Räksmörgås på ÅÄÖ",
        "👩‍👩‍👧‍👦👍🏽",
        " \r\nrad ett\r\n\r\nrad två\r",
        "שלום \u202eabc\u202c",
        "a\u200bb\u200d\ufeff",
        "\u200b",
        "'; DROP TABLE reflections; --",
        "x" * 19_000 + "\n",
    ],
)
def test_a_text_is_stored_exactly_as_typed(store: Store, amina: int, text: str) -> None:
    assert save(store, amina, text).text == text
    assert texts(store, amina) == {QUESTION: text}
    assert sql(store, "SELECT text FROM reflections") == [(text,)]


def test_letters_in_two_parts_are_stored_as_one_and_are_the_same_text(store: Store, amina: int) -> None:
    first = save(store, amina, "a\u030angstro\u0308m")
    assert first.text == "ångström"
    assert store.save_reflection(amina, QUESTION, "a\u030angström", 0) == first


def test_nobody_reads_or_overwrites_what_another_has_written(store: Store, amina: int, bengt: int) -> None:
    save(store, amina, "Aminas")
    assert save(store, bengt, "Bengts").revision == 1
    assert save(store, bengt, "Bengts nya", based_on=1).revision == 2
    assert texts(store, amina) == {QUESTION: "Aminas"}
    assert texts(store, bengt) == {QUESTION: "Bengts nya"}


# Conflicts


def test_a_text_written_upon_an_older_one_is_a_conflict_and_both_are_kept(
    store: Store, amina: int, clock: Clock
) -> None:
    save(store, amina, "äldre")
    newer = save(store, amina, "nyare", based_on=1)
    clock.now += timedelta(minutes=1)
    assert store.save_reflection(amina, QUESTION, "min", 1) == Conflict(newer)
    assert texts(store, amina) == {QUESTION: "nyare"}
    assert [text for _, text in kept(store, amina)] == ["min"]


def test_a_first_text_is_a_conflict_too_when_there_is_one_already(store: Store, amina: int) -> None:
    there = save(store, amina, "nyare")
    assert store.save_reflection(amina, QUESTION, "min", 0) == Conflict(there)


def test_taking_away_a_text_that_has_changed_meanwhile_is_a_conflict(store: Store, amina: int) -> None:
    there = save(store, amina, "nyare")
    assert store.save_reflection(amina, QUESTION, "", 0) == Conflict(there)
    assert texts(store, amina) == {QUESTION: "nyare"}


def test_a_refused_text_that_is_sent_again_is_kept_once(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    for _ in range(5):
        assert isinstance(store.save_reflection(amina, QUESTION, "min", 0), Conflict)
    assert [text for _, text in kept(store, amina)] == ["min"]


def test_every_refused_text_is_kept(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    for text in ("min", "min egen", "min egen text"):
        assert isinstance(store.save_reflection(amina, QUESTION, text, 0), Conflict)
    assert [text for _, text in kept(store, amina)] == ["min", "min egen", "min egen text"]


def test_the_save_after_a_conflict_keeps_the_loser_and_what_it_overwrites(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    assert isinstance(store.save_reflection(amina, QUESTION, "min", 0), Conflict)
    chosen = save(store, amina, "min och nyare", based_on=1)
    assert kept(store, amina) == [(1, "nyare"), (2, "min")]
    assert chosen.revision == 3
    assert save(store, amina, "min och nyare.", based_on=3).revision == 4


def test_keeping_ones_own_after_a_conflict_is_an_ordinary_save(store: Store, amina: int) -> None:
    current = save(store, amina, "nyare")
    assert isinstance(store.save_reflection(amina, QUESTION, "min", 0), Conflict)
    save(store, amina, "min", based_on=current.revision)
    assert texts(store, amina) == {QUESTION: "min"}
    assert (1, "nyare") in kept(store, amina)


def test_threads_that_write_take_turns(store: Store, amina: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, none has to try its luck with SQLite, which has no patience here."""
    monkeypatch.setattr("visionsprat.migrations.PATIENCE", 0)

    def write(number: int) -> None:
        for revision in range(20):
            saved = store.save_reflection(amina, f"skapande/{number}", f"text {revision}", revision)
            assert isinstance(saved, Reflection)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))


def test_many_writers_at_once_lose_nothing(store: Store, amina: int) -> None:
    """Six tabs write ten texts each; each text ends acknowledged or refused, and is found again."""
    begin = threading.Barrier(6)

    def write(tab: int) -> tuple[list[Reflection], list[str]]:
        acknowledged, refused, based_on = [], [], 0
        begin.wait()
        for number in range(10):
            text = f"tab {tab}, text {number}"
            result = store.save_reflection(amina, QUESTION, text, based_on)
            if isinstance(result, Conflict):
                refused.append(text)
                based_on = result.current.revision
            else:
                acknowledged.append(result)
                based_on = result.revision
        return acknowledged, refused

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(write, range(6)))
    acknowledged = [each for result in results for each in result[0]]
    refused = {text for result in results for text in result[1]}
    assert len(acknowledged) + len(refused) == 60
    assert len({each.revision for each in acknowledged}) == len(acknowledged)
    newest = max(acknowledged, key=lambda each: each.revision)
    assert visit(store, amina).reflections == {QUESTION: newest}
    assert refused <= {text for _, text in kept(store, amina)}


def test_two_stores_on_one_database_see_each_other(store: Store, amina: int, clock: Clock) -> None:
    """As two server processes do."""
    with closing(Store(store.path, clock)) as other:
        first = save(other, amina, "Hej")
        assert store.save_reflection(amina, QUESTION, "Hopp", 0) == Conflict(first)


# Earlier texts


@pytest.mark.parametrize(
    ("rested", "is_kept"), [(timedelta(minutes=10), False), (timedelta(minutes=11), True)]
)
def test_a_text_that_has_rested_is_kept_when_it_is_written_over(
    store: Store, amina: int, clock: Clock, rested: timedelta, is_kept: bool
) -> None:
    save(store, amina, "igår")
    clock.now += rested
    save(store, amina, "i dag", based_on=1)
    assert kept(store, amina) == ([(1, "igår")] if is_kept else [])


@pytest.mark.parametrize(("deleted", "is_kept"), [(LARGE_DELETION, False), (LARGE_DELETION + 1, True)])
def test_a_text_is_kept_when_much_of_it_goes_at_once(
    store: Store, amina: int, deleted: int, is_kept: bool
) -> None:
    save(store, amina, "x" * 500)
    save(store, amina, "x" * (500 - deleted), based_on=1)
    assert kept(store, amina) == ([(1, "x" * 500)] if is_kept else [])


def write(store: Store, account_id: int, clock: Clock, *texts: str) -> None:
    """Save one text after the other, as often as the editor does."""
    for text in texts:
        clock.now += timedelta(seconds=1.5)
        before = visit(store, account_id).reflections.get(QUESTION)
        save(store, account_id, text, based_on=before.revision if before else 0)


def from_the_end(text: str, characters: int, left: int = 0) -> list[str]:
    """What a backspace that is held leaves at each save."""
    return [text[:end] for end in range(len(text) - characters, left, -characters)] + [text[:left]]


@pytest.mark.parametrize(
    ("length", "characters"), [(2000, 45), (2000, 7), (399, 45), (30, 1), (30, 5), (3, 1)]
)
def test_a_text_that_is_deleted_slowly_is_kept_whole_and_once(
    store: Store, amina: int, clock: Clock, length: int, characters: int
) -> None:
    text = "Så vill vi göra hos oss. " * 80
    write(store, amina, clock, text[:length], *from_the_end(text[:length], characters))
    assert earlier(store, amina) == [text[:length]]


@pytest.mark.parametrize(("passage", "is_kept"), [(LARGE_DELETION, False), (LARGE_DELETION + 1, True)])
def test_a_text_is_kept_when_another_is_pasted_over_much_of_it(
    store: Store, amina: int, clock: Clock, passage: int, is_kept: bool
) -> None:
    text = "Början." + "x" * passage + "Slutet."
    write(store, amina, clock, text, "Början." + "y" * 500 + "Slutet.")
    assert earlier(store, amina) == ([text] if is_kept else [])


def test_a_passage_deleted_slowly_from_the_middle_is_kept_with_all_around_it(
    store: Store, amina: int, clock: Clock
) -> None:
    text = "Början. " + "x" * 300 + " Slutet."
    write(store, amina, clock, text, *(f"Början. {'x' * left} Slutet." for left in range(290, -1, -10)))
    assert earlier(store, amina) == [text]


def test_what_is_written_between_two_slow_deletions_is_kept_too(
    store: Store, amina: int, clock: Clock
) -> None:
    first, second = "Det första. " * 50, "Det andra. " * 50
    write(store, amina, clock, first, *from_the_end(first, 40), second, *from_the_end(second, 40))
    assert earlier(store, amina) == [second, first]


@pytest.mark.parametrize("seconds", [10, -60], ids=["a while", "the clock was set back"])
def test_what_a_slow_deletion_leaves_for_a_while_is_kept_when_it_goes_too(
    store: Store, amina: int, clock: Clock, seconds: int
) -> None:
    text = "Så vill vi göra hos oss. " * 40
    write(store, amina, clock, text, *from_the_end(text, 45, left=500))
    clock.now += timedelta(seconds=seconds)
    write(store, amina, clock, *from_the_end(text[:500], 45))
    assert earlier(store, amina) == [text[:500], text]


@pytest.mark.parametrize("again", ["x" * 400 + " och mer", "y" * 500])
def test_what_is_written_anew_in_time_makes_no_version(
    store: Store, amina: int, clock: Clock, again: str
) -> None:
    write(store, amina, clock, "x" * 400, "x" * 300, "x" * 200, again)
    assert earlier(store, amina) == []
    assert sql(store, "SELECT * FROM reflection_revisions") == []


def test_a_text_that_waits_is_no_version_and_waits_no_longer_than_the_sitting(
    store: Store, amina: int, clock: Clock
) -> None:
    token = begin_session(store, amina)
    write(store, amina, clock, "x" * 400, "x" * 300)
    assert earlier(store, amina) == []
    clock.now += timedelta(hours=1)
    write(store, amina, clock, "x" * 190)
    assert earlier(store, amina) == ["x" * 300]
    write(store, amina, clock, "y" * 180)
    store.end_session(token)
    write(store, amina, clock, "y" * 10)
    assert earlier(store, amina) == ["y" * 180, "x" * 300]


def test_long_writing_makes_a_handful_of_versions(store: Store, amina: int, clock: Clock) -> None:
    """Twenty minutes of saves: letters, slips of the pen corrected, now and then a sentence taken back."""
    chance = random.Random(1)
    text = "Så här vill vi ha det. " * 10
    revision = save(store, amina, text).revision
    for _ in range(800):
        slip = chance.random()
        taken = chance.randrange(1, 9) if slip < 0.2 else chance.randrange(60, 150) if slip < 0.21 else 0
        text = text[: max(0, len(text) - taken)] + "".join(
            chance.choices("abcdefghij    ", k=chance.randrange(13))
        )
        clock.now += timedelta(seconds=1.5)
        revision = save(store, amina, text, based_on=revision).revision
    assert len(text) > 1000
    assert len(earlier(store, amina)) <= 5


def test_a_blank_text_is_not_worth_keeping(store: Store, amina: int, clock: Clock) -> None:
    save(store, amina, "\n" * 500)
    clock.now += timedelta(days=1)
    save(store, amina, "Hej", based_on=1)
    assert kept(store, amina) == []


def test_a_text_that_may_have_rested_is_kept_when_the_clock_was_set_back(
    store: Store, amina: int, clock: Clock
) -> None:
    save(store, amina, "före")
    clock.now -= timedelta(hours=1)
    save(store, amina, "före och efter", based_on=1)
    save(store, amina, "före och efter det", based_on=2)
    assert kept(store, amina) == [(1, "före")]


def test_an_earlier_text_is_kept_with_the_time_it_was_saved(store: Store, amina: int, clock: Clock) -> None:
    written = save(store, amina, "igår").saved_at
    clock.now += timedelta(days=1)
    save(store, amina, "i dag", based_on=1)
    found = sql(store, "SELECT saved_at FROM reflection_revisions")
    assert found == [(written.isoformat(timespec="milliseconds"),)]


def test_a_text_and_its_earlier_ones_say_what_they_were_written_on(
    store: Store, amina: int, clock: Clock
) -> None:
    token = begin_session(store, amina)
    store.save_in_session(token, amina, QUESTION, "igår", 0, device_kind="Mobil, Android")
    clock.now += timedelta(hours=1)
    store.save_in_session(token, amina, QUESTION, "i dag", 1, device_kind="Dator, Linux")
    store.save_reflection(amina, QUESTION, "vägrad", 1, device_kind="Dator, Mac")
    found = [(each.text, each.device_kind) for each in store.earlier_texts(amina, QUESTION)]
    assert found == [("vägrad", "Dator, Mac"), ("igår", "Mobil, Android")]
    store.end_session(token)
    save(store, amina, "", based_on=2)
    assert store.earlier_texts(amina, QUESTION)[1].device_kind == "Dator, Linux"


def earlier(store: Store, account_id: int, question: str = QUESTION) -> list[str]:
    return [each.text for each in store.earlier_texts(account_id, question)]


@pytest.mark.parametrize("left", ["", " \n", "x", "x" * 9])
def test_a_short_text_is_kept_too_when_more_than_half_of_it_goes(store: Store, amina: int, left: str) -> None:
    save(store, amina, "x" * 20)
    save(store, amina, left, based_on=1)
    assert earlier(store, amina) == ["x" * 20]


def test_earlier_texts_come_the_newest_first_each_with_when_it_was_written(
    store: Store, amina: int, clock: Clock
) -> None:
    written = []
    for number, text in enumerate(["ett", "två", "tre"]):
        written.append(save(store, amina, text, based_on=number))
        clock.now += timedelta(days=1)
    assert store.earlier_texts(amina, QUESTION) == (written[1], written[0])


def test_earlier_texts_are_ones_own_and_of_one_question(store: Store, amina: int, bengt: int) -> None:
    save(store, amina, "x" * 20)
    save(store, amina, "", based_on=1)
    assert earlier(store, bengt) == earlier(store, amina, OTHER) == []


def test_a_refused_text_is_among_the_earlier_ones(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    store.save_reflection(amina, QUESTION, "min", 0)
    assert earlier(store, amina) == ["min"]


def test_a_text_that_is_brought_back_keeps_the_one_it_takes_the_place_of(store: Store, amina: int) -> None:
    save(store, amina, "det första svaret")
    save(store, amina, "", based_on=1)
    save(store, amina, "det andra svaret", based_on=2)
    save(store, amina, "det första svaret", based_on=3)
    assert earlier(store, amina) == ["det andra svaret"]
    save(store, amina, "det andra svaret", based_on=4)
    assert earlier(store, amina) == ["det första svaret"]


def test_signing_out_ends_the_sitting(store: Store, amina: int) -> None:
    token = begin_session(store, amina)
    save(store, amina, "före")
    store.end_session(token)
    assert earlier(store, amina) == []
    save(store, amina, "före och efter", based_on=1)
    assert earlier(store, amina) == ["före"]
    store.end_session("made up")
    assert earlier(store, amina) == ["före"]


def test_what_is_erased_is_no_earlier_text(store: Store, amina: int) -> None:
    token = begin_session(store, amina)
    save(store, amina, "x" * 20)
    save(store, amina, "y", based_on=1)
    store.erase_reflections(amina)
    assert isinstance(store.save_reflection(amina, QUESTION, "x" * 20, 1), Conflict)
    store.end_session(token)
    assert earlier(store, amina) == []


def test_a_text_refused_before_and_now_again_is_no_reason_to_lose_the_one_in_its_way(
    store: Store, amina: int, clock: Clock
) -> None:
    save(store, amina, "min")
    clock.now += timedelta(days=1)
    save(store, amina, "nyare", based_on=1)
    assert isinstance(store.save_reflection(amina, QUESTION, "min", 0), Conflict)
    save(store, amina, "min egen", based_on=2)
    assert set(earlier(store, amina)) == {"min", "nyare"}


# Sessions and tickets


def test_a_text_is_saved_for_the_person_whose_session_it_comes_in(store: Store, amina: int) -> None:
    token = begin_session(store, amina)
    assert store.save_in_session(token, amina, QUESTION, "Hej", 0) == save(store, amina, "Hej")
    assert store.save_in_session(token, None, QUESTION, "Hej då", 1) == save(store, amina, "Hej då")


def test_a_text_of_another_persons_page_or_without_a_session_is_not_saved(
    store: Store, amina: int, bengt: int
) -> None:
    for token, author in ((begin_session(store, amina), bengt), ("made up", amina), ("made up", None)):
        with pytest.raises(SignedOut):
            store.save_in_session(token, author, QUESTION, "Hej", 0)
    assert sql(store, "SELECT * FROM reflections") == []


def test_writing_keeps_a_session_alive(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    for hour in range(30):
        clock.now += timedelta(hours=1)
        store.save_in_session(token, amina, QUESTION, f"Hej {hour}", hour)
    assert is_live(store, token)
    clock.now += timedelta(hours=12)
    with pytest.raises(SignedOut):
        store.save_in_session(token, amina, QUESTION, "Hej", 30)


def is_live(store: Store, token: str) -> bool:
    visitor, account = store.visitor(token), store.account_of_session(token)
    assert (visitor.account if visitor else None) == account
    return account is not None


def test_a_live_session_says_whose_it_is(store: Store, add_account: AddAccount, clock: Clock) -> None:
    amina = add_account("amina@test.example", "Amina Testsson", is_admin=True, manages="Team 3")
    token = begin_session(store, amina)
    account = Account(amina, "amina@test.example", "Amina Testsson", is_admin=True, is_manager=True)
    assert store.account_of_session(token) == account
    assert store.visitor(token) == Visitor(account, {}, clock.now, {})


def test_a_made_up_token_is_nobodys(store: Store, amina: int) -> None:
    begin_session(store, amina)
    for token in ("", "another", "TOKEN", "token "):
        assert not is_live(store, token)


def test_a_session_dies_when_it_was_idle_for_12_hours(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    clock.now += timedelta(hours=12) - timedelta(seconds=1)
    assert is_live(store, token)
    clock.now += timedelta(seconds=2)
    assert not is_live(store, token)


def test_a_visit_keeps_a_session_alive_and_is_remembered(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    clock.now += timedelta(hours=11)
    store.record_visit(amina, token, "visionen")
    clock.now += timedelta(hours=11)
    visitor = store.visitor(token)
    assert visitor is not None
    assert visitor.last_seen_at == clock.now - timedelta(hours=11)
    assert visitor.visits == {"visionen": clock.now - timedelta(hours=11)}


def test_a_session_dies_after_seven_days_however_busy(store: Store, amina: int, clock: Clock) -> None:
    token = begin_session(store, amina)
    for _ in range(13):
        clock.now += timedelta(hours=11)
        store.record_visit(amina, token, "")
        assert is_live(store, token)
    store.record_visit(amina, token, "")
    clock.now += timedelta(days=7) - timedelta(hours=13 * 11)
    assert not is_live(store, token)


ENDINGS: dict[str, Callable[[Store, int], object]] = {
    "signed out": lambda store, account_id: store.end_session("token"),
    "signed out everywhere": lambda store, account_id: store.end_sessions(account_id),
    "new password": lambda store, account_id: store.set_password(account_id, "another hash"),
    "deactivated": lambda store, account_id: sql(
        store, "UPDATE accounts SET is_active = 0 WHERE id = ?", account_id
    ),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_a_session_ends_at_once_and_nobody_elses_with_it(
    store: Store, amina: int, bengt: int, end: Callable[[Store, int], object]
) -> None:
    begin_session(store, amina)
    begin_session(store, bengt, "bengts")
    end(store, amina)
    assert not is_live(store, "token")
    assert is_live(store, "bengts")


@pytest.mark.parametrize("everywhere", ["signed out everywhere", "new password", "deactivated"])
def test_some_endings_end_every_session_of_the_account(store: Store, amina: int, everywhere: str) -> None:
    for token in ("token", "at home", "phone"):
        begin_session(store, amina, token)
    store.add_ticket(amina, "on its way")
    ENDINGS[everywhere](store, amina)
    store.redeem_ticket("on its way", "new")
    assert [token for token in ("token", "at home", "phone", "new") if is_live(store, token)] == []


def test_signing_out_ends_one_session_and_twice_is_no_fault(store: Store, amina: int) -> None:
    begin_session(store, amina)
    begin_session(store, amina, "at home")
    for _ in range(2):
        store.end_session("token")
    assert is_live(store, "at home")


def test_a_ticket_is_good_once(store: Store, amina: int) -> None:
    store.add_ticket(amina, "ticket")
    assert store.redeem_ticket("ticket", "first")
    assert not store.redeem_ticket("ticket", "second")
    assert is_live(store, "first")
    assert not is_live(store, "second")


@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (3600, False)])
def test_a_ticket_is_good_for_a_minute(
    store: Store, amina: int, clock: Clock, seconds: int, good: bool
) -> None:
    store.add_ticket(amina, "ticket")
    clock.now += timedelta(seconds=seconds)
    assert bool(store.redeem_ticket("ticket", "token")) is good
    assert is_live(store, "token") is good


def test_a_made_up_ticket_is_refused(store: Store, amina: int) -> None:
    assert not store.redeem_ticket("made up", "token")


def test_a_ticket_is_redeemed_by_one_of_many_at_once(store: Store, amina: int) -> None:
    store.add_ticket(amina, "ticket")
    with ThreadPoolExecutor(8) as pool:
        redeemed = list(pool.map(lambda number: store.redeem_ticket("ticket", f"token {number}"), range(8)))
    assert len([each for each in redeemed if each]) == 1


def test_sessions_that_are_over_do_not_pile_up(store: Store, amina: int, clock: Clock) -> None:
    begin_session(store, amina)
    store.add_ticket(amina, "never fetched")
    clock.now += timedelta(days=8)
    begin_session(store, amina, "new")
    assert sql(store, "SELECT token_hash FROM sessions") == [("new",)]


# Accounts


def test_an_account_has_its_credentials(store: Store, add_account: AddAccount) -> None:
    amina = add_account(password_hash="the hash")
    assert store.credentials("amina@test.example") == Credentials(amina, "the hash")
    assert store.credentials("AMINA@test.example") == Credentials(amina, "the hash")
    assert store.credentials("nobody@test.example") is None


def test_an_account_without_a_password_or_deactivated_has_none(store: Store, add_account: AddAccount) -> None:
    add_account(password_hash=None)
    add_account("bengt@test.example")
    sql(store, "UPDATE accounts SET is_active = 0 WHERE email = 'bengt@test.example'")
    assert store.credentials("amina@test.example") is None
    assert store.credentials("bengt@test.example") is None


@pytest.mark.parametrize("same", ["amina@test.example", "Amina@TEST.example"])
def test_an_address_has_one_account(store: Store, amina: int, add_account: AddAccount, same: str) -> None:
    with pytest.raises(EmailTaken) as caught:
        add_account(same, "En annan", manages="En ny grupp")
    assert caught.value.email == same
    assert sql(store, "SELECT name FROM accounts") == [("Amina Testsson",)]
    assert sql(store, "SELECT name FROM groups") == []


def test_accounts_that_name_the_same_group_share_it(store: Store, add_account: AddAccount) -> None:
    add_account("a@test.example", member_of="Team 3")
    add_account("b@test.example", member_of="Team 3", manages="Team 3")
    assert sql(store, "SELECT name FROM groups") == [("Team 3",)]
    assert sql(store, "SELECT count(*) FROM group_members") == [(2,)]


def test_a_new_password_and_a_new_name_are_stored(store: Store, amina: int) -> None:
    store.set_password(amina, "another hash")
    store.rename(amina, "Amina Provare")
    assert store.credentials("amina@test.example") == Credentials(amina, "another hash")
    assert visit(store, amina).account.name == "Amina Provare"


def test_what_was_done_to_accounts_is_in_the_audit_log(store: Store, amina: int, clock: Clock) -> None:
    store.set_password(amina, "another hash")
    at = clock.now.isoformat(timespec="milliseconds")
    assert sql(store, "SELECT at, actor, action, subject, subject_id FROM audit_log") == [
        (at, "", "account added", "amina@test.example", amina),
        (at, "amina@test.example", "password changed", "amina@test.example", amina),
    ]


FIRST = NewAccount("amina@test.example", "Amina", "hash", is_admin=True, member_of="Team 3", manages="Team 3")


def test_the_first_to_come_claims_the_installation(store: Store) -> None:
    assert not store.is_claimed()
    amina = store.claim(FIRST)
    assert store.is_claimed()
    assert visit(store, amina).account == Account(amina, FIRST.email, "Amina", is_admin=True, is_manager=True)


def test_an_installation_with_an_account_cannot_be_claimed(store: Store, amina: int) -> None:
    with pytest.raises(AlreadyClaimed):
        store.claim(FIRST)
    assert sql(store, "SELECT count(*) FROM accounts") == [(1,)]


def test_of_many_who_claim_at_once_one_does(store: Store) -> None:
    begin = threading.Barrier(6)

    def claim(number: int) -> bool:
        begin.wait()
        try:
            store.claim(NewAccount(f"person{number}@test.example", "Amina", "hash", is_admin=True))
        except AlreadyClaimed:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1
    assert sql(store, "SELECT count(*) FROM accounts") == [(1,)]


# What a manager sees


def seen(store: Store, manager: int) -> list[tuple[str, str | None, int]]:
    """The groups that a manager sees: name, the name of the one above, how many people."""
    groups = store.managed_groups(manager, [QUESTION])
    names = {group.id: group.name for group in groups}
    return sorted((each.name, names.get(each.parent_id or 0), len(each.answered)) for each in groups)


def members(store: Store, manager: int, group: int | None = None) -> list[str]:
    return [member.name for member in store.managed_members(manager, group, [QUESTION])]


def group_of(store: Store, path: str) -> int:
    (found,) = [id for id, each in store.group_paths().items() if each == path]
    return found


def test_a_manager_sees_their_own_groups_and_those_below(store: Store, add_account: AddAccount) -> None:
    add_account("a@test.example", "Amina", member_of="Omsorg/Norr/Team 3")
    add_account("b@test.example", "Bengt", member_of="Omsorg/Norr/Team 4")
    cecilia = add_account("c@test.example", "Cecilia", member_of="Omsorg/Norr", manages="Omsorg/Norr")
    add_account("d@test.example", "David", member_of="Omsorg")
    add_account("e@test.example", "Elin", member_of="Omsorg/Söder")
    assert seen(store, cecilia) == [("Norr", None, 1), ("Team 3", "Norr", 1), ("Team 4", "Norr", 1)]
    assert members(store, cecilia) == ["Amina", "Bengt", "Cecilia"]
    assert members(store, cecilia, group_of(store, "Omsorg/Norr/Team 4")) == ["Bengt"]
    for group in ("Omsorg", "Omsorg/Söder"):
        assert members(store, cecilia, group_of(store, group)) == []
    assert members(store, cecilia, 999) == []


def test_who_manages_nothing_sees_nothing(store: Store, add_account: AddAccount) -> None:
    amina = add_account(member_of="Team 3", is_admin=True)
    assert store.managed_groups(amina, [QUESTION]) == ()
    assert members(store, amina) == members(store, amina, group_of(store, "Team 3")) == []


def test_somebody_in_two_groups_is_one_person_in_both(store: Store, manager: int, member: int) -> None:
    store.set_member(None, member, group_of(store, "Team 3"), True)
    two = store.make_group(None, "Team 3/Natt")
    store.set_member(None, member, two, True)
    (found,) = store.managed_members(manager, None, [QUESTION])
    assert found.groups == ("Natt", "Team 3")
    assert [list(group.answered) for group in store.managed_groups(manager, [QUESTION])] == [[member]] * 2


def test_a_group_without_members_is_seen_empty(store: Store, add_account: AddAccount) -> None:
    amina = add_account(manages="Team 3")
    assert seen(store, amina) == [("Team 3", None, 0)]
    assert members(store, amina) == []


def only_member(store: Store, manager: int, *questions: str) -> Member:
    asked = questions or [QUESTION, OTHER]
    (member,) = store.managed_members(manager, None, asked)
    (group,) = store.managed_groups(manager, asked)
    assert list(group.answered.values()) == [len(member.answered_at)]
    return member


@pytest.fixture
def manager(add_account: AddAccount) -> int:
    """The manager of the group that `member` is in."""
    return add_account("chef@test.example", "Chef", manages="Team 3")


@pytest.fixture
def member(add_account: AddAccount) -> int:
    return add_account(member_of="Team 3")


def test_a_manager_sees_what_is_answered_since_when_and_no_text(
    store: Store, manager: int, member: int, clock: Clock
) -> None:
    answered = clock.now
    save(store, member, "HEMLIGT")
    clock.now += timedelta(days=1)
    save(store, member, "HEMLIGT och mer", based_on=1)
    seen = only_member(store, manager)
    assert seen == Member("Amina Testsson", "amina@test.example", ("Team 3",), {QUESTION: answered})
    assert "HEMLIGT" not in repr(seen)


def test_a_blank_text_is_no_answer(store: Store, manager: int, member: int) -> None:
    save(store, member, " \n\u200b")
    assert only_member(store, manager).answered_at == {}
    assert visit(store, member).answered == frozenset()


def test_an_answer_dates_from_when_it_was_last_begun(
    store: Store, manager: int, member: int, clock: Clock
) -> None:
    for based_on, text in enumerate(["Hej", "  ", "Hej igen", "Hej igen du"]):
        clock.now += timedelta(days=1)
        save(store, member, text, based_on)
    assert only_member(store, manager).answered_at == {QUESTION: clock.now - timedelta(days=1)}


def test_a_question_that_has_left_the_content_does_not_count(store: Store, manager: int, member: int) -> None:
    save(store, member, "Hej", question="gammal/fraga")
    assert only_member(store, manager).answered_at == {}
    assert texts(store, member) == {"gammal/fraga": "Hej"}


def test_a_deactivated_member_is_not_shown(store: Store, manager: int, member: int) -> None:
    sql(store, "UPDATE accounts SET is_active = 0 WHERE id = ?", member)
    assert seen(store, manager) == [("Team 3", None, 0)]
    assert members(store, manager) == []


def test_two_members_with_one_name_are_two(store: Store, manager: int, add_account: AddAccount) -> None:
    for number in (1, 2):
        add_account(f"anna{number}@test.example", "Anna Exempel", member_of="Team 3")
    assert members(store, manager) == ["Anna Exempel", "Anna Exempel"]


def test_names_stand_in_swedish_order(store: Store, manager: int, add_account: AddAccount) -> None:
    names = ["Adam", "bertil", "Édith", "Eva", "Vera", "Wilma", "Zoe", "Åke", "Ängla", "Östen"]
    for number, name in enumerate(reversed(names)):
        add_account(f"person{number}@test.example", name, member_of="Team 3")
    assert members(store, manager) == names


# The database itself


def test_each_connection_has_foreign_keys_wal_and_full_synchronous(store: Store) -> None:
    with closing(connect(store.path)) as db:
        for pragma, value in (
            ("foreign_keys", 1),
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("secure_delete", 1),
        ):
            assert db.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_a_reflection_of_nobody_is_a_bug_of_ours_and_surfaces_as_it_is(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.save_reflection(999, QUESTION, "Hej", 0)


def test_strict_tables_refuse_a_value_of_the_wrong_type(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        sql(store, "UPDATE reflections SET revision = 'ett'")


def test_everything_of_an_account_goes_with_it(store: Store, amina: int, clock: Clock) -> None:
    save(store, amina, "igår")
    clock.now += timedelta(days=1)
    save(store, amina, "i dag", based_on=1)
    begin_session(store, amina)
    with closing(connect(store.path)) as db:
        db.execute("DELETE FROM accounts WHERE id = ?", [amina])
    for table in ("reflections", "reflection_revisions", "sessions"):
        assert sql(store, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_healthy_database_is_healthy_with_and_without_accounts(
    store: Store, add_account: AddAccount
) -> None:
    store.check_health()
    add_account()
    store.check_health()


def test_the_store_can_be_used_again_after_it_was_closed(store: Store, amina: int) -> None:
    store.close()
    assert save(store, amina, "Hej").revision == 1


def test_a_database_that_has_gone_away_is_not_begun_anew(store: Store) -> None:
    store.close()
    store.path.unlink()
    with pytest.raises(StoreUnavailable, match="unable to open"):
        store.check_health()
    assert not store.path.exists()


# Trouble

EMPTY_PLAN = StaffPlan(Directory({}, frozenset(), frozenset()), (), (), 0, (), ())


def look_at_link(store: Store) -> None:
    with suppress(InvitationVoid):
        store.invited("link")


CALLS: dict[str, Callable[[Store], object]] = {
    "visitor": lambda store: store.visitor("token"),
    "account_of_session": lambda store: store.account_of_session("token"),
    "is_claimed": lambda store: store.is_claimed(),
    "credentials": lambda store: store.credentials("amina@test.example"),
    "managed_groups": lambda store: store.managed_groups(1, [QUESTION]),
    "managed_members": lambda store: store.managed_members(1, None, [QUESTION]),
    "group_rows": lambda store: store.group_rows(),
    "directory": lambda store: store.directory(),
    "find_people": lambda store: store.find_people("a"),
    "count_people": lambda store: store.count_people(),
    "person": lambda store: store.person(1),
    "group_paths": lambda store: store.group_paths(),
    "audit_log": lambda store: store.audit_log(),
    "own_data": lambda store: store.own_data(1),
    "earlier_texts": lambda store: store.earlier_texts(1, QUESTION),
    "count_invitees": lambda store: store.count_invitees(Whom()),
    "unknown_emails": lambda store: store.unknown_emails(frozenset({"amina@test.example"})),
    "invited": lambda store: look_at_link(store),
    "record_visit": lambda store: store.record_visit(1, "token", "visionen"),
    "add_ticket": lambda store: store.add_ticket(1, "ticket"),
    "redeem_ticket": lambda store: store.redeem_ticket("ticket", "token"),
    "end_session": lambda store: store.end_session("token"),
    "end_sessions": lambda store: store.end_sessions(1),
    "claim": lambda store: store.claim(FIRST),
    "add_account": lambda store: store.add_account(NewAccount("new@test.example", "Ny", None)),
    "rename": lambda store: store.rename(1, "Ny"),
    "set_password": lambda store: store.set_password(1, "hash"),
    "begin_attempt": lambda store: store.begin_attempt("amina@test.example"),
    "forget_failures": lambda store: store.forget_failures(Attempt("amina@test.example", "")),
    "save_reflection": lambda store: store.save_reflection(1, QUESTION, "Hej", 0),
    "save_in_session": lambda store: store.save_in_session("token", None, QUESTION, "Hej", 0),
    "apply_staff": lambda store: store.apply_staff(EMPTY_PLAN, None, "personal.csv"),
    "correct": lambda store: store.correct(None, 1, "Ny", "ny@test.example"),
    "set_member": lambda store: store.set_member(None, 1, 1, True),
    "set_manager": lambda store: store.set_manager(None, 1, 1, True),
    "make_group": lambda store: store.make_group(None, "Team 3"),
    "rename_group": lambda store: store.rename_group(None, 1, "Team 4"),
    "move_group": lambda store: store.move_group(None, 1, None),
    "merge_group": lambda store: store.merge_group(None, 1, 2),
    "remove_group": lambda store: store.remove_group(None, 1),
    "set_administrator": lambda store: store.set_administrator(None, 1, True),
    "set_active": lambda store: store.set_active(None, 1, True),
    "sign_out_everywhere": lambda store: store.sign_out_everywhere(None, 1),
    "erase_reflections": lambda store: store.erase_reflections(1),
    "erase_account": lambda store: store.erase_account(1),
    "invite": lambda store: store.invite(None, Whom(), str),
    "add_password_link": lambda store: store.add_password_link("amina@test.example", str),
    "note_password_request": lambda store: store.note_password_request("amina@test.example"),
    "use_invitation": lambda store: store.use_invitation("link", "hash"),
    "check_health": lambda store: store.check_health(),
}
#: What else is waited for: a database that can't be looked at is not said to be damaged.
LOOKS: dict[str, Callable[[Store], object]] = {"faults": lambda store: copies.faults(store.path)}
#: The methods before this one only read.
READS = list(CALLS)[: list(CALLS).index("record_visit")]
WRITES = [name for name in CALLS if name not in READS]
Outcomes = dict[str, Exception | None]


def test_no_method_is_left_out_here() -> None:
    methods = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert methods - {"close"} == set(CALLS)


def outcome(store: Store, name: str) -> Exception | None:
    try:
        (CALLS | LOOKS)[name](store)
    except Exception as error:
        return error
    return None


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcomes]]:
    """What comes of every method while another connection writes, and while one has the database alone.

    Each waits its five seconds, so all of them wait at once.
    """
    outcomes: dict[str, Outcomes] = {}
    with ThreadPoolExecutor(2 * len(CALLS | LOOKS)) as pool:
        waiting, blockers, stores = {}, [], []
        for kind in ("writing", "alone"):
            store = Store(tmp_path_factory.mktemp(kind) / "visionsprat.db")
            store.add_account(NewAccount("amina@test.example", "Amina", "hash"))
            store.close()
            blocker = sqlite3.connect(store.path, isolation_level=None)
            if kind == "alone":
                blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
            blocker.execute("BEGIN IMMEDIATE")
            blocker.execute("UPDATE accounts SET name = 'Låst'")
            waiting[kind] = {name: pool.submit(outcome, store, name) for name in CALLS | LOOKS}
            blockers.append(blocker)
            stores.append(store)
        for kind, futures in waiting.items():
            outcomes[kind] = {name: future.result() for name, future in futures.items()}
    for blocker in blockers:
        blocker.close()
    yield outcomes
    for store in stores:
        store.check_health()
        store.close()


@pytest.mark.parametrize("name", [*READS, *LOOKS])
def test_reading_goes_on_while_another_writes(locked: dict[str, Outcomes], name: str) -> None:
    assert locked["writing"][name] is None


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_unavailable_while_another_writes_for_long(locked: dict[str, Outcomes], name: str) -> None:
    assert isinstance(locked["writing"][name], StoreUnavailable)


@pytest.mark.parametrize("name", [*CALLS, *LOOKS])
def test_everything_is_unavailable_while_another_has_the_database_alone(
    locked: dict[str, Outcomes], name: str
) -> None:
    assert isinstance(locked["alone"][name], StoreUnavailable)


def test_a_save_waits_for_another_process_that_is_soon_done(store: Store, amina: int) -> None:
    with (
        closing(sqlite3.connect(store.path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        saving = pool.submit(save, store, amina, "Hej")
        wait([saving], timeout=0.2)  # as long as one that does not wait has to fail
        other.execute("ROLLBACK")
        assert saving.result().revision == 1


@pytest.fixture
def hampered(store: Store, amina: int) -> Callable[[str], None]:
    """Hamper the store's one connection with a pragma: no chmod stops root, who may run the tests."""

    def hamper(pragma: str) -> None:
        with store._read() as db:
            db.execute(f"PRAGMA {pragma}")

    return hamper


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_unavailable_when_the_database_is_read_only(
    store: Store, hampered: Callable[[str], None], name: str
) -> None:
    hampered("query_only = ON")
    with pytest.raises(StoreUnavailable, match="readonly"):
        CALLS[name](store)


def test_nothing_is_lost_when_the_disk_is_full_and_saving_goes_on_afterwards(
    store: Store, amina: int, hampered: Callable[[str], None]
) -> None:
    save(store, amina, "Hej")
    hampered("max_page_count = 1")
    with pytest.raises(StoreUnavailable, match="full"):
        store.save_reflection(amina, QUESTION, "x" * 20_000, 1)
    assert texts(store, amina) == {QUESTION: "Hej"}
    hampered("max_page_count = 1000000")
    assert save(store, amina, "x" * 20_000, based_on=1).revision == 2


#: What SQLite says of its surroundings, in its own words.
SURROUNDINGS = [
    "database is locked",
    "database table is locked: accounts",
    "locking protocol",
    "access permission denied",
    "attempt to write a readonly database",
    "unable to open database file",
    "disk I/O error",
    "database or disk is full",
    "database disk image is malformed",
    "file is not a database",
]


@pytest.mark.parametrize("words", SURROUNDINGS)
def test_what_sqlite_says_of_its_surroundings_makes_the_store_unavailable(words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words), translated():
        raise sqlite3.OperationalError(words)


def spoil_whole(path: Path) -> None:
    path.write_bytes(b"this is no database. " * 1000)


def spoil_inside(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [spoil_whole, spoil_inside, make_folder])
def test_a_database_that_is_none_is_told_at_the_start(
    store: Store, amina: int, spoil: Callable[[Path], None]
) -> None:
    store.close()
    spoil(store.path)
    with pytest.raises(StoreUnavailable):
        Store(store.path)


def test_a_database_damaged_while_the_server_runs_is_unavailable(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    store.close()
    spoil_inside(store.path)
    with pytest.raises(StoreUnavailable, match="malformed"):
        store.save_reflection(amina, QUESTION, "Hopp", 1)
    with pytest.raises(StoreUnavailable, match="malformed"):
        store.check_health()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_nothing_is_saved_into_a_file_that_is_no_longer_there(store: Store, amina: int, end: str) -> None:
    """SQLite would go on writing into it, and what was saved would be gone with the process."""
    save(store, amina, "Hej")
    file = Path(f"{store.path}{end}")
    aside = file.rename(file.with_name("aside"))
    for call in (lambda: store.save_reflection(amina, QUESTION, "Hopp", 1), store.check_health):
        with pytest.raises(StoreUnavailable, match="data folder"):
            call()
    shutil.copy(aside, file)
    with pytest.raises(StoreUnavailable, match="Another file has taken the place of"):
        store.save_reflection(amina, QUESTION, "Hopp", 1)
    aside.replace(file)
    assert save(store, amina, "Hopp", based_on=1).revision == 2


@pytest.mark.parametrize("left", [0, 0.5, 1 - 1e-9], ids=["nothing", "half", "all but one byte"])
def test_nothing_is_saved_behind_a_gap_in_the_log(store: Store, amina: int, left: float) -> None:
    """SQLite would not notice, and bring the gap into the database."""
    for number in range(20):
        save(store, amina, f"text {number}", based_on=number)
    log = Path(f"{store.path}-wal")
    whole = log.read_bytes()
    os.truncate(log, int(len(whole) * left))
    for call in (lambda: store.save_reflection(amina, QUESTION, "Hopp", 20), store.check_health):
        with pytest.raises(StoreUnavailable, match=f"{log} has been cut off"):
            call()
    with pytest.raises(StoreUnavailable, match="disk I/O error"):  # and not "damaged"
        copies.faults(store.path)
    log.write_bytes(whole)
    assert save(store, amina, "Hopp", based_on=20).revision == 21
    store.close()
    assert copies.faults(store.path) == []


def test_a_log_that_has_been_emptied_into_the_database_is_no_trouble(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    assert sql(store, "PRAGMA wal_checkpoint(TRUNCATE)") == [(0, 0, 0)]
    assert save(store, amina, "Hopp", based_on=1).revision == 2


def test_a_connection_that_could_not_write_is_not_used_again(
    store: Store, amina: int, hampered: Callable[[str], None]
) -> None:
    """One that was opened while the file was read-only would stay so, whatever is mended."""
    hampered("query_only = ON")
    with pytest.raises(StoreUnavailable):
        store.check_health()
    assert save(store, amina, "Hej").revision == 1


def test_a_connection_whose_transaction_can_not_be_ended_is_not_used_again(store: Store, amina: int) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"), store._write() as db:
        db.conn.set_authorizer(refuse_rollback)
        raise StoreUnavailable("Trouble in the middle of it.")
    assert save(store, amina, "Hej").revision == 1


def refuse_rollback(action: int, name: str | None, *_: object) -> int:
    end = (action, name) == (sqlite3.SQLITE_TRANSACTION, "ROLLBACK")
    return sqlite3.SQLITE_DENY if end else sqlite3.SQLITE_OK


def test_a_text_that_has_become_none_is_told_and_nothing_of_it(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    token = begin_session(store, amina)
    sql(store, "UPDATE reflections SET text = CAST(x'48454d4c4947ff' AS TEXT)")
    with pytest.raises(StoreUnavailable) as caught:
        store.visitor(token)
    assert str(caught.value) == "The database is damaged: a text in it is none."
    assert "HEML" not in "".join(traceback.format_exception(caught.value))


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="data folder"):
        Store(tmp_path / "data" / "visionsprat.db")
