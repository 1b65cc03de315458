"""Memory is given back, where the C library can, and nothing happens where it can't."""

import asyncio
import ctypes

import pytest

from visionsprat.runtime import memory


def test_it_works_here() -> None:
    memory.keep_large_blocks_apart()
    memory.give_back()


@pytest.mark.parametrize("trouble", [OSError, TypeError])
def test_without_a_c_library_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    def missing(name: object) -> object:
        raise trouble

    monkeypatch.setattr(ctypes, "CDLL", missing)
    memory.give_back()


def test_another_c_library_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.give_back()


def test_it_is_given_back_again_and_again_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(memory, "give_back", lambda: given.append(1))

    async def serve() -> None:
        async with memory.given_back(seconds=0.001):
            while len(given) < 3:
                await asyncio.sleep(0.001)
        ended = len(given)
        await asyncio.sleep(0.01)
        assert len(given) <= ended + 1

    asyncio.run(serve())
