"""Addresses, names and groups, as people fill them in."""

from __future__ import annotations

import unicodedata

import pytest

from visionsprat.domain.fields import Fault, FieldRefused, clean_email, clean_group, clean_name


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("amina@test.example", "amina@test.example"),
        ("  Amina.Testsson@Test.EXAMPLE\n", "amina.testsson@test.example"),
        ("a+b_c-d'e@sub.test.example", "a+b_c-d'e@sub.test.example"),
        ("åsa@räksmörgås.example", "åsa@räksmörgås.example"),
        ("a@b.se", "a@b.se"),
        ("a\u200b@test.example", "a@test.example"),
        ("\u202aa@test.example\u202c\ufeff", "a@test.example"),
        ("Mailto:a@test.example?subject=Hej", "a@test.example"),
        ("A\u030asa@test.example", "åsa@test.example"),
        ("a@XN--RKSMRGS-5WAO1O.example", "a@räksmörgås.example"),
        ("a@ra\u0308ksmo\u0308rga\u030as.example", "a@räksmörgås.example"),
        ("a@xn--zzzzz-.example", "a@xn--zzzzz-.example"),
        ("a" * 244 + "@b.example", "a" * 244 + "@b.example"),
    ],
)
def test_an_address_is_trimmed_and_in_lower_case(given: str, cleaned: str) -> None:
    assert clean_email(given) == cleaned


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "amina",
        "amina@",
        "@test.example",
        "amina@test",
        "amina@test.",
        "amina@test.e",
        "a b@test.example",
        "a@b@test.example",
        "a@test.example, b@test.example",
        "a@test.example;b@test.example",
        "Amina <a@test.example>",
        '"a"@test.example',
        "a\0@test.example",
        "a\n@test.example",
        "a\u00a0b@test.example",
        "a\u202e@test.example",
        "a\ud800@test.example",
        "a" * 245 + "@b.example",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(FieldRefused, match="The e-mail address is not an e-mail address") as caught:
        clean_email(given)
    assert caught.value.fault is Fault.EMAIL


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("Amina Testsson", "Amina Testsson"),
        ("  Amina \t\n Testsson ", "Amina Testsson"),
        ("Åsa-Brit O'Söder", "Åsa-Brit O'Söder"),
        ("李", "李"),
        ("x" * 100, "x" * 100),
        # As a Mac may hand it over; it must sort and compare as any other Åsa.
        ("A\u030asa", "Åsa"),
        # Zero width: spelling in Persian, and nothing in Swedish.
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("An\u200cna\u200c", "Anna"),
        ("Anna Karlsson\u00adLindgren\u200e", "Anna KarlssonLindgren"),
    ],
)
def test_a_name_has_its_white_space_tidied(given: str, cleaned: str) -> None:
    assert clean_name(given) == cleaned


@pytest.mark.parametrize("given", ["", " \n", "x" * 101, "a\0b", "a\x07b", "a\u202eb", "a\ud800"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(FieldRefused) as caught:
        clean_name(given)
    assert caught.value.fault is Fault.NAME
    with pytest.raises(FieldRefused, match="The group is empty") as caught:
        clean_name(given, Fault.GROUP)
    assert caught.value.fault is Fault.GROUP


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("Team 3", "Team 3"),
        (" Vård /  Hemtjänst  Norr/Team 3 ", "Vård/Hemtjänst Norr/Team 3"),
        ("A/AB/ABC", "A/AB/ABC"),
    ],
)
def test_a_groups_path_has_each_name_tidied(given: str, cleaned: str) -> None:
    assert clean_group(given) == cleaned


@pytest.mark.parametrize("given", ["", " ", "/", "A//B", "A/", "/A", "A|B", "x" * 101, "A/b\0"])
def test_what_is_no_group_is_refused(given: str) -> None:
    with pytest.raises(FieldRefused, match="group is empty") as caught:
        clean_group(given)
    assert caught.value.fault is Fault.GROUP


@pytest.mark.parametrize("given", ["A/A", "A/B/a", "Vård/Team/VÅRD"])
def test_a_group_below_one_with_its_own_name_is_a_circle(given: str) -> None:
    with pytest.raises(FieldRefused) as caught:
        clean_group(given)
    assert caught.value.fault is Fault.GROUP_CIRCLE


MARKS = "a" + "\u0301" * 31


@pytest.mark.parametrize("given", [MARKS, "Åsa " + "\u0f73" * 40])
def test_a_name_with_a_long_run_of_marks_is_refused(given: str) -> None:
    with pytest.raises(FieldRefused, match="The name has more than 30 accents") as caught:
        clean_name(given)
    assert caught.value.fault is Fault.NAME_MARKS and caught.value.fault.field == "name"
    with pytest.raises(FieldRefused) as caught:
        clean_group(f"Vård/{given}")
    assert caught.value.fault is Fault.GROUP_MARKS and caught.value.fault.field == "group"


@pytest.mark.parametrize("letter", [" ", "a", "\u0301", "a/", "\0"])
def test_what_is_far_too_long_is_refused_unseen(letter: str) -> None:
    for clean, fault in ((clean_email, Fault.EMAIL), (clean_name, Fault.NAME), (clean_group, Fault.GROUP)):
        with pytest.raises(FieldRefused) as caught:
            clean(letter * 1_000_000)
        assert caught.value.fault is fault


def test_a_name_in_parts_may_have_100_letters() -> None:
    assert clean_name(unicodedata.normalize("NFD", "\u1f82") * 100) == "\u1f82" * 100
