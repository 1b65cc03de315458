"""Reflections: what is saved stays saved, and a text that another takes the place of is kept."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.stored import OTHER, QUESTION, begin_session, kept, save, sql, texts, visit
from visionsprat.domain.records import Conflict, Draft, Reflection
from visionsprat.domain.text_rules import TextRefused, TextTooLong
from visionsprat.store import Store
from visionsprat.store.reflections import LARGE_DELETION

if TYPE_CHECKING:
    from tests.support.clock import Clock

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
    assert store.save_reflection(amina, Draft(QUESTION, "två", based_on)) == second
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
        store.save_reflection(amina, Draft(QUESTION, "å" * 20_001, 1))
    assert caught.value.characters == 20_001
    assert texts(store, amina) == {QUESTION: "å" * 20_000}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff"])
def test_nul_and_half_surrogate_pairs_are_refused(store: Store, amina: int, text: str) -> None:
    save(store, amina, "Hej")
    with pytest.raises(TextRefused):
        store.save_reflection(amina, Draft(QUESTION, text, 1))
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
    assert store.save_reflection(amina, Draft(QUESTION, "a\u030angström", 0)) == first


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
    assert store.save_reflection(amina, Draft(QUESTION, "min", 1)) == Conflict(newer)
    assert texts(store, amina) == {QUESTION: "nyare"}
    assert [text for _, text in kept(store, amina)] == ["min"]


def test_a_first_text_is_a_conflict_too_when_there_is_one_already(store: Store, amina: int) -> None:
    there = save(store, amina, "nyare")
    assert store.save_reflection(amina, Draft(QUESTION, "min", 0)) == Conflict(there)


def test_taking_away_a_text_that_has_changed_meanwhile_is_a_conflict(store: Store, amina: int) -> None:
    there = save(store, amina, "nyare")
    assert store.save_reflection(amina, Draft(QUESTION, "", 0)) == Conflict(there)
    assert texts(store, amina) == {QUESTION: "nyare"}


def test_a_refused_text_that_is_sent_again_is_kept_once(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    for _ in range(5):
        assert isinstance(store.save_reflection(amina, Draft(QUESTION, "min", 0)), Conflict)
    assert [text for _, text in kept(store, amina)] == ["min"]


def test_every_refused_text_is_kept(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    for text in ("min", "min egen", "min egen text"):
        assert isinstance(store.save_reflection(amina, Draft(QUESTION, text, 0)), Conflict)
    assert [text for _, text in kept(store, amina)] == ["min", "min egen", "min egen text"]


def test_the_save_after_a_conflict_keeps_the_loser_and_what_it_overwrites(store: Store, amina: int) -> None:
    save(store, amina, "nyare")
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, "min", 0)), Conflict)
    chosen = save(store, amina, "min och nyare", based_on=1)
    assert kept(store, amina) == [(1, "nyare"), (2, "min")]
    assert chosen.revision == 3
    assert save(store, amina, "min och nyare.", based_on=3).revision == 4


def test_keeping_ones_own_after_a_conflict_is_an_ordinary_save(store: Store, amina: int) -> None:
    current = save(store, amina, "nyare")
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, "min", 0)), Conflict)
    save(store, amina, "min", based_on=current.revision)
    assert texts(store, amina) == {QUESTION: "min"}
    assert (1, "nyare") in kept(store, amina)


def test_threads_that_write_take_turns(store: Store, amina: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, none has to try its luck with SQLite, which has no patience here."""
    monkeypatch.setattr("visionsprat.store.schema.PATIENCE", 0)

    def write(number: int) -> None:
        for revision in range(20):
            saved = store.save_reflection(amina, Draft(f"skapande/{number}", f"text {revision}", revision))
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
            result = store.save_reflection(amina, Draft(QUESTION, text, based_on))
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
        assert store.save_reflection(amina, Draft(QUESTION, "Hopp", 0)) == Conflict(first)


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


#: Saves one after the other, by the second, and what the answer to the last of them says is deleted.
DELETED = [
    ([("ett två", 0), ("ett", 1)], "ett två"),
    ([("ett två", 0), ("ett t", 1)], ""),
    ([("x" * 1000, 0), ("x" * (1000 - LARGE_DELETION), 1)], ""),
    ([("x" * 1000, 0), ("x" * (999 - LARGE_DELETION), 1)], "x" * 1000),
    ([("x" * 1000, 0), ("y" * 1000, 1)], ""),
    ([(" \n  ", 0), ("", 1)], ""),
    # Slowly, piece by piece: whole, and once.
    ([("x" * 1000, 0), ("x" * 900, 2), ("x" * 790, 4)], "x" * 1000),
    ([("x" * 1000, 0), ("x" * 790, 2), ("x" * 500, 4)], ""),
    ([("x" * 1000, 0), ("x" * 790, 2), ("x" * 500, 30)], "x" * 790),
    # What was written between.
    ([("x" * 1000, 0), ("x" * 790, 2), ("x" * 790 + "y" * 300, 4), ("", 6)], "x" * 790 + "y" * 300),
    # A clock that is set back.
    ([("x" * 1000, 30), ("x" * 790, 32), ("x" * 500, 2)], "x" * 790),
    # Sent once more, as the answer was lost.
    ([("ett två", 0), ("", 1), ("", 3)], "ett två"),
    ([("ett två", 0), ("", 1), ("", 3000)], ""),
]


@pytest.mark.parametrize(("saves", "deleted"), DELETED)
def test_a_save_says_which_text_it_has_taken_much_of(
    store: Store, amina: int, clock: Clock, saves: list[tuple[str, int]], deleted: str
) -> None:
    begun = clock.now
    for revision, (text, second) in enumerate(saves):
        clock.now = begun + timedelta(seconds=second)
        saved = save(store, amina, text, based_on=revision)
    assert isinstance(saved, Reflection)
    assert saved.deleted == deleted


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
    store.save_in_session(token, amina, Draft(QUESTION, "igår", 0), device_kind="Mobil, Android")
    clock.now += timedelta(hours=1)
    store.save_in_session(token, amina, Draft(QUESTION, "i dag", 1), device_kind="Dator, Linux")
    store.save_reflection(amina, Draft(QUESTION, "vägrad", 1), device_kind="Dator, Mac")
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
    store.save_reflection(amina, Draft(QUESTION, "min", 0))
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
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, "x" * 20, 1)), Conflict)
    store.end_session(token)
    assert earlier(store, amina) == []


def test_a_text_refused_before_and_now_again_is_no_reason_to_lose_the_one_in_its_way(
    store: Store, amina: int, clock: Clock
) -> None:
    save(store, amina, "min")
    clock.now += timedelta(days=1)
    save(store, amina, "nyare", based_on=1)
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, "min", 0)), Conflict)
    save(store, amina, "min egen", based_on=2)
    assert set(earlier(store, amina)) == {"min", "nyare"}
