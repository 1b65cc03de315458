"""The copy that somebody takes of all that is stored about them: as text to read, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from visionsprat.content.module import Module
from visionsprat.domain.records import OwnData, OwnReflection, Reflection
from visionsprat.wording.formats import minute
from visionsprat.wording.messages import ACTIONS, recovery_codes


def as_data(own: OwnData, module: Module) -> dict[str, Any]:
    """For JSON: times in UTC, as they are stored."""
    return {
        "konto": {
            "namn": own.name,
            "e-post": own.email,
            "skapat": _iso(own.created_at),
            "senast_inloggad": _iso(own.last_signed_in_at),
            "administratör": own.is_admin,
            "adressen_obekräftad_sedan": _iso(own.address_unproven_since),
            "grupper": list(own.groups),
            "chef_för": list(own.manages),
            "tvåstegsinloggning_sedan": _iso(own.second_factor_set_at),
            "reservkoder_kvar": own.recovery_codes,
        },
        "reflektioner": [
            {
                "id": each.question_id,
                "tema": theme,
                "fråga": question,
                "svar": each.text,
                "påbörjat": _iso(each.begun_at),
                "sparat": _iso(each.saved_at),
                "enhet": each.device_kind,
                "ta_upp_på_mötet": each.bring_to_meeting,
                "tidigare": [
                    {"svar": old.text, "sparat": _iso(old.saved_at), "enhet": old.device_kind}
                    for old in each.earlier
                ],
            }
            for theme, question, each in _in_order(own, module)
        ],
        "besökta_sidor": {f"/{step}": _iso(at) for step, at in own.visits.items()},
        "inloggningar": [
            {
                "började": _iso(each.begun_at),
                "senast_använd": _iso(each.last_seen_at),
                "slutar": _iso(each.expires_at),
                "enhet": each.device_kind,
                "håll_mig_inloggad": each.is_kept,
            }
            for each in own.sessions
        ],
        "webbläsare_som_känns_igen": [{"senast_inloggad": _iso(at)} for at in own.devices],
        "misslyckade_inloggningar": [
            {"när": _iso(each.at), "nätadress": each.client} for each in own.failed_sign_ins
        ],
        "begärda_lösenordslänkar": [_iso(at) for at in own.password_requests],
        "inbjudningar": [
            {
                "gjord": _iso(each.made_at),
                "gäller_till": _iso(each.expires_at),
                "använd": _iso(each.used_at),
            }
            for each in own.invitations
        ],
        "låsta_texter": [
            {
                "låstes": _iso(each.locked_at),
                "släpptes": _iso(each.released_at),
                "antal": each.texts,
                "först_sparad": _iso(each.first_saved_at),
                "senast_sparad": _iso(each.last_saved_at),
            }
            for each in own.locks
        ],
        "händelser": [
            {
                "när": _iso(each.at),
                "vad": ACTIONS[each.action],
                "om": each.subject,
                "mer": each.details,
                "av_dig": each.by_oneself,
            }
            for each in own.events
        ],
    }


def as_text(own: OwnData, module: Module, now: datetime) -> str:
    return "\n".join(_lines(own, module, now)) + "\n"


def _lines(own: OwnData, module: Module, now: datetime) -> Iterator[str]:
    yield from ("Allt som Visionsprat har sparat om dig", f"Nedladdat {minute(now)}")
    yield from _heading("Ditt konto")
    yield f"Namn: {own.name}"
    yield f"E-post: {own.email}"
    yield f"Grupp: {', '.join(own.groups) or 'ingen'}"
    if own.manages:
        yield f"Chef för: {', '.join(own.manages)}"
    if own.is_admin:
        yield "Du är administratör."
    yield f"Kontot skapades: {minute(own.created_at)}"
    yield f"Senast inloggad: {minute(own.last_signed_in_at) if own.last_signed_in_at else 'aldrig'}"
    if own.address_unproven_since:
        yield f"Du har inte bekräftat e-postadressen sedan {minute(own.address_unproven_since)}."
    if own.second_factor_set_at:
        left = recovery_codes(own.recovery_codes)
        yield f"Tvåstegsinloggning: på sedan {minute(own.second_factor_set_at)}, {left}"
    yield from _heading("Det du har skrivit")
    if not own.reflections:
        yield "Inget än."
    above = ""
    for theme, question, each in _in_order(own, module):
        if theme != above:
            yield from ("", theme)
            above = theme
        yield from ("", f"Fråga: {question}")
        yield from _answer("Ditt svar, sparat", each)
        if each.bring_to_meeting:
            yield "Du har markerat det här för mötet."
        for old in each.earlier:
            yield from _answer("En annan version, sparad", old)
    if own.locks:
        yield from _list("Texter som är låsta, eller som någon har släppt", _locks(own))
    yield from _list("Sidor du har varit på, och när senast", _visits(own))
    yield from _list("Inloggningar som gäller nu", _sessions(own))
    yield from _list("Webbläsare som känns igen, och när du senast loggade in", map(minute, own.devices))
    yield from _list("Misslyckade inloggningar den senaste tiden", _failures(own))
    yield from _list("När någon bad om en länk för glömt lösenord", map(minute, own.password_requests))
    yield from _list("Inbjudningar", _invitations(own))
    yield from _list("Händelser", _events(own))


def _heading(title: str) -> tuple[str, ...]:
    return "", "", title.upper(), "-" * len(title)


def _list(title: str, items: Iterator[str] | map[str]) -> Iterator[str]:
    yield from _heading(title)
    yield from list(items) or ["Inga."]


def _answer(label: str, saved: OwnReflection | Reflection) -> Iterator[str]:
    kind = f" ({saved.device_kind})" if saved.device_kind else ""
    yield from ("", f"{label} {minute(saved.saved_at)}{kind}:", "", saved.text or "(tomt)")


def _visits(own: OwnData) -> Iterator[str]:
    return (f"/{step}: {minute(at)}" for step, at in own.visits.items())


def _sessions(own: OwnData) -> Iterator[str]:
    for each in own.sessions:
        yield (
            f"{each.device_kind or 'Okänd enhet'}: började {minute(each.begun_at)}, "
            f"användes senast {minute(each.last_seen_at)}, slutar senast {minute(each.expires_at)}"
        )


def _failures(own: OwnData) -> Iterator[str]:
    for each in own.failed_sign_ins:
        yield minute(each.at) + (f", från nätadressen {each.client}" if each.client else "")


def _invitations(own: OwnData) -> Iterator[str]:
    for each in own.invitations:
        used = f"använd {minute(each.used_at)}" if each.used_at else "inte använd"
        made = f"Gjord {minute(each.made_at)}, gäller" if each.made_at else "Gäller"
        yield f"{made} till {minute(each.expires_at)}, {used}"


def _locks(own: OwnData) -> Iterator[str]:
    for each in own.locks:
        if each.released_at:
            yield f"Låstes {minute(each.locked_at)}, släpptes {minute(each.released_at)}"
        else:
            saved = ""
            if each.first_saved_at and each.last_saved_at:
                saved = f", sparade {minute(each.first_saved_at)} till {minute(each.last_saved_at)}"
            yield f"Låstes {minute(each.locked_at)}: {each.texts} svar{saved}"


def _events(own: OwnData) -> Iterator[str]:
    for each in own.events:
        about = ": ".join(part for part in (ACTIONS[each.action], each.subject, each.details) if part)
        who = "du själv" if each.by_oneself else "någon annan, eller den som sköter servern"
        yield f"{minute(each.at)}: {about} ({who})"


def _in_order(own: OwnData, module: Module) -> list[tuple[str, str, OwnReflection]]:
    """The reflections with the titles of their theme and question, in the module's order."""
    asked = {
        question.id: (theme.title, question.text) for theme in module.themes for question in theme.questions
    }
    order = {id: number for number, id in enumerate(asked)}
    found = sorted(own.reflections, key=lambda each: order.get(each.question_id, len(order)))
    return [(*asked.get(each.question_id, ("Tidigare frågor", each.question_id)), each) for each in found]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
