"""E-mail addresses: one form to store and compare, another that every mail server takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visionsprat.domain.email_addresses import MOST_GIVEN, for_mail, one_form, sought
from visionsprat.domain.fields import FieldRefused, clean_email


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (" Asa@Test.Example ", "asa@test.example"),
        ("A\u030asa@test.example", "åsa@test.example"),
        ("asa@xn--rksmrgs-5wao1o.example", "asa@räksmörgås.example"),
        ("mailto:asa@test.example?subject=Hej", "asa@test.example"),
        ("asa\u200b@test.example", "asa@test.example"),
        ("asa@test\u3002example\u3002å", "asa@test.example.å"),
        ("X" * (MOST_GIVEN + 1), "x" * (MOST_GIVEN + 1)),
        ("no address at all", "no address at all"),
    ],
)
def test_an_address_is_compared_in_one_form_however_it_is_written(written: str, form: str) -> None:
    assert one_form(written) == form


@given(st.text(max_size=40).map("a@{}.example".format) | st.text(max_size=40).map("{}@b.example".format))
def test_the_form_of_what_is_taken_for_an_address_has_no_other(written: str) -> None:
    try:
        form = clean_email(written)
    except FieldRefused:
        return
    assert one_form(form) == clean_email(form) == form


def test_an_address_is_found_by_either_way_to_write_its_domain() -> None:
    assert sought("Asa@XN--rksmrgs-5wao1o.example") == ["asa@räksmörgås.example"]


def test_a_letter_goes_to_a_domain_in_ascii_where_it_has_one() -> None:
    assert for_mail("asa@räksmörgås.example") == "asa@xn--rksmrgs-5wao1o.example"
    assert for_mail("asa@test.example") == "asa@test.example"
    assert for_mail("asa@" + "ä" * 70 + ".example") == "asa@" + "ä" * 70 + ".example"
