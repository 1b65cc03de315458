"""Whose something is that not everybody has. Pages and routes name one of these."""

from __future__ import annotations

from collections.abc import Callable

from visionsprat.domain.records import Account

Right = Callable[[Account], bool]


def everybody(_: Account) -> bool:
    return True


def managers(account: Account) -> bool:
    return account.is_manager


def administrators(account: Account) -> bool:
    return account.is_admin
