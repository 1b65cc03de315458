"""How often something may be done."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from visionsprat.runtime.rate_limits import AtOnce, Limits, Rate, Shared


class Watch:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_so_many_may_come_at_once_and_then_one_after_the_other(watch: Watch) -> None:
    rate = Rate(3, 2, now=watch)
    assert [rate.wait("amina") for _ in range(3)] == [0, 0, 0]
    assert rate.wait("amina") == pytest.approx(0.5)
    assert rate.wait("bengt") == 0
    watch.now += 0.5
    assert rate.wait("amina") == 0
    assert rate.wait("amina") == pytest.approx(0.5)


def test_who_has_rested_may_do_as_many_at_once_again(watch: Watch) -> None:
    rate = Rate(3, 2, now=watch)
    for _ in range(4):
        rate.wait("amina")
    watch.now += 1.5
    assert [rate.wait("amina") > 0 for _ in range(4)] == [False, False, False, True]


def test_a_refusal_does_not_make_the_wait_longer(watch: Watch) -> None:
    rate = Rate(1, 1, now=watch)
    rate.wait("amina")
    assert {round(rate.wait("amina"), 6) for _ in range(100)} == {1}


def test_what_is_remembered_is_bounded_and_the_busiest_are_not_forgotten(watch: Watch) -> None:
    rate = Rate(10, 1, most=100, now=watch)
    while not rate.wait("busy"):
        pass
    for number in range(1000):
        rate.wait(number)
        assert len(rate) <= 100
    assert rate.wait("busy") > 0


def test_those_who_have_rested_are_forgotten_first(watch: Watch) -> None:
    rate = Rate(10, 1, most=100, now=watch)
    for number in range(100):
        rate.wait(number)
    watch.now += 60
    rate.wait("new")
    assert len(rate) == 1


def test_threads_together_get_no_more(watch: Watch) -> None:
    rate = Rate(50, 1, now=watch)
    with ThreadPoolExecutor(8) as pool:
        assert sum(wait == 0 for wait in pool.map(rate.wait, ["amina"] * 400)) == 50


def test_an_editor_in_every_theme_is_within_the_rate_of_saves(watch: Watch) -> None:
    """A save each 0.7 s in two tabs, for an hour, and at its beginning a hundred drafts."""
    rate = Limits().saves
    rate._now = watch
    assert not any(rate.wait("amina") for _ in range(100))
    for _ in range(5000):
        watch.now += 0.7
        assert rate.wait("amina") == rate.wait("amina") == 0


def test_so_many_are_there_at_the_same_time_and_whoever_goes_makes_room() -> None:
    places = AtOnce(2)
    with places.one("amina") as first, places.one("amina") as second, places.one("amina") as third:
        assert (first, second, third) == (True, True, False)
        with places.one("bengt") as other:
            assert other
    with places.one("amina") as again:
        assert again
    assert len(places) == 0


def test_what_one_has_found_out_is_told_to_all_until_it_is_too_old(watch: Watch) -> None:
    shared, may_end, looks = Shared[int](1, now=watch), threading.Event(), iter(range(10))

    def look() -> int:
        assert may_end.wait(60)
        return next(looks)

    asked = [shared.ask(look) for _ in range(100)]
    watch.now += 5
    asked.append(shared.ask(look))  # one look at a time, however long it takes
    may_end.set()
    assert {each.result(60) for each in asked} == {0}
    assert shared.ask(look).result(60) == 1
    watch.now += 0.9
    assert shared.ask(look).result(60) == 1
    watch.now += 0.1
    assert shared.ask(look).result(60) == 2


def test_an_error_is_told_to_all_and_does_not_stay(watch: Watch) -> None:
    shared = Shared[int](1, now=watch)
    with pytest.raises(ZeroDivisionError):
        shared.ask(lambda: 1 // 0).result(60)
    watch.now += 1
    assert shared.ask(lambda: 1).result(60) == 1
