"""Files beside the database: written so that nobody meets half of one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from visionsprat.store.files import secret_beside


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "none, as on Samba"])
def test_a_secret_is_made_once_and_is_the_same_ever_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    file = tmp_path / "secret.key"
    first = secret_beside(file)
    assert len(first) == 32
    assert secret_beside(file) == first
    assert [each.name for each in tmp_path.iterdir()] == ["secret.key"]
