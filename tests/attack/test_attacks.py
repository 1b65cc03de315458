"""Every attack, gently: the server answers as it should, and an honest person beside it loses nothing."""

from types import ModuleType

import pytest

from tests.attack.siege import attacks, lay_siege


@pytest.mark.parametrize("module", [pytest.param(module, id=name) for name, module in attacks().items()])
def test_an_attack_stops_nobody_and_reads_nothing(module: ModuleType) -> None:
    outcome = lay_siege(module, hard=False)
    assert not outcome.faults
    assert outcome.saves > 0
