"""The two pages that the law wants: what is filled in is shown, and what is not is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from visionsprat.content.declarations import Declarations, load_declarations
from visionsprat.content.module import ContentError
from visionsprat.settings import ROOT

ACCESSIBILITY, PRIVACY = "tillganglighet.md", "personuppgifter.md"
MISSING = "Uppgiften saknas ännu."


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of content/ to fill in, or to break."""
    return Path(shutil.copytree(ROOT / "content", tmp_path / "content"))


def fill_in(content: Path, file: str, **values: str) -> Declarations:
    path = content / file
    text = path.read_text("utf-8")
    for key, value in values.items():
        text, count = re.subn(rf"^{key}:.*$", f"{key}: {value}", text, flags=re.M)
        assert count == 1
    path.write_text(text, encoding="utf-8")
    return load_declarations(content)


def fault_in(content: Path) -> str:
    with pytest.raises(ContentError) as caught:
        load_declarations(content)
    return str(caught.value).removeprefix(f"{content.as_posix()}/")


def test_what_only_the_organisation_knows_is_left_to_fill_in() -> None:
    found = load_declarations(ROOT / "content")
    assert found.accessibility.unfilled == ("organisation", "contact")
    assert found.privacy.unfilled == ("controller", "protection_officer", "contact", "legal_basis")


def test_each_value_that_is_not_filled_in_is_told_with_its_file(content: Path) -> None:
    found = fill_in(content, PRIVACY, controller="Kommunstyrelsen", legal_basis="Ja", contact="Växeln")
    assert found.notes == tuple(
        f"{content.as_posix()}/{file}: {name!r} is not filled in. The page says that it is missing."
        for file, name in (
            (ACCESSIBILITY, "organisation"),
            (ACCESSIBILITY, "contact"),
            (PRIVACY, "protection_officer"),
        )
    )


def test_what_is_not_filled_in_reads_as_a_sentence_and_never_as_a_placeholder() -> None:
    found = load_declarations(ROOT / "content")
    for declaration in (found.accessibility, found.privacy):
        text = declaration.text(MISSING)
        assert text.count(f":** {MISSING}") == len(declaration.unfilled)
        assert "{" not in text


def test_what_is_filled_in_is_shown_and_a_lone_address_as_a_link(content: Path) -> None:
    form = "https://example.se/formular"
    text = fill_in(content, ACCESSIBILITY, organisation="Staden, Box 1", contact=form).accessibility.text("")
    assert "**Ansvarig organisation:** Staden, Box 1\n" in text
    assert f"**Kontakt om tillgänglighet:** <{form}>\n" in text
    text = fill_in(content, PRIVACY, contact="fraga@example.se", controller="Se x@y.se").privacy.text("")
    assert "**Frågor om personuppgifter:** <fraga@example.se>\n" in text
    assert "**Personuppgiftsansvarig:** Se x@y.se\n" in text


def test_a_value_that_the_text_does_not_show_is_not_asked_for(content: Path) -> None:
    path = content / PRIVACY
    path.write_text(path.read_text("utf-8").replace("{legal_basis}", "Allmänt intresse"), encoding="utf-8")
    assert "legal_basis" not in load_declarations(content).privacy.unfilled


@pytest.mark.parametrize("file", [ACCESSIBILITY, PRIVACY])
def test_a_missing_file_is_a_fault_that_says_where_to_find_one(content: Path, file: str) -> None:
    (content / file).unlink()
    assert fault_in(content).startswith(f"{file}: the file is missing.")


def test_a_value_that_is_not_there_is_a_fault_with_its_line(content: Path) -> None:
    path = content / PRIVACY
    text = path.read_text("utf-8").replace(
        "\n**Rättslig grund:** {legal_basis}", "\n\n{rattslig_grund} {contact}"
    )
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("{rattslig_grund}")].count("\n") + 1
    known = "{contact}, {controller}, {legal_basis}, {protection_officer}"
    assert fault_in(content) == f"{PRIVACY}, line {line}: unknown value {{rattslig_grund}}. Use only {known}."


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("controller:", "kontroller:", "line 5: unknown key 'kontroller'. Use only contact, controller, "),
        ("controller: ", "# ", "line 2: key 'controller' is missing. Write text."),
        ("title: Personuppgifter", "title:", "line 2: 'title' is empty. Write text."),
    ],
)
def test_a_fault_in_the_front_matter_is_told_as_in_all_of_content(
    content: Path, before: str, after: str, fault: str
) -> None:
    path = content / PRIVACY
    path.write_text(path.read_text("utf-8").replace(before, after, 1), encoding="utf-8")
    assert fault_in(content).startswith(f"{PRIVACY}, {fault}")
