"""Memory is given back, where the C library can, and nothing happens where it can't."""

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
