"""The tree of groups: make, rename, move, merge, remove."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from visionsprat.domain.fields import Fault, FieldRefused, clean_group, clean_name
from visionsprat.domain.records import GroupRow
from visionsprat.domain.text_rules import search_text, search_words
from visionsprat.errors import GroupCircle, GroupNameTaken, GroupNotEmpty
from visionsprat.ui.context import current_context
from visionsprat.ui.forms import tell_fault
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning

_DONE = "group_done"
#: As many are listed; the rest are found by their name.
_MOST = 100
_ON_TOP = "Överst, inte under någon grupp"
_TAKEN = "Det finns redan en grupp med det namnet på samma plats. Välj ett annat namn."
_CIRCLE = "En grupp kan inte ligga under sig själv, eller under en grupp med samma namn."


def draw() -> None:
    """Draw this part of the administration page."""
    rows = current_context().installation.store.group_rows()
    chosen = next((row for row in rows if str(row.id) == st.query_params.get("grupp")), None)
    if chosen is None:
        _draw_all(rows)
    else:
        _draw_one(chosen, {row.id: row.path for row in rows})


def _draw_all(rows: tuple[GroupRow, ...]) -> None:
    draw_template("section.html", title="Grupper", text="")
    search = st.text_input("Sök på gruppens namn", key="groups_search", autocomplete="off")
    words = " ".join(search_words(search))
    draw_template("groups.html", rows=[row for row in rows if words in search_text(row.path, "")], most=_MOST)
    draw_template(
        "section.html",
        title="Lägg till en grupp",
        text="Skriv gruppen med allt den ligger under, till exempel Vård/Norr/Team 3.",
    )
    _say_done()
    with st.form("group_new_form", border=False, clear_on_submit=True):
        path = st.text_input("Ny grupp", key="group_new", autocomplete="off")
        pressed = st.form_submit_button("Lägg till")
    context = current_context()
    if pressed:
        _try(
            lambda: context.installation.store.make_group(context.account.id, clean_group(path)),
            "Gruppen finns nu.",
            field="group_new",
        )


def _draw_one(row: GroupRow, paths: dict[int, str]) -> None:
    context = current_context()
    store, me = context.installation.store, context.account.id
    draw_template("group_admin.html", row=row)
    _say_done()
    with st.form("group_rename_form", border=False):
        name = st.text_input("Namn", row.path.split("/")[-1], key=f"group_name_{row.id}", autocomplete="off")
        renamed = st.form_submit_button("Byt namn")
    if renamed:
        _try(
            lambda: store.rename_group(me, row.id, _one_name(name)),
            "Namnet är bytt.",
            field=f"group_name_{row.id}",
        )
    others = {id: path for id, path in paths.items() if not f"{path}/".startswith(f"{row.path}/")}
    with st.form("group_move_form", border=False):
        places = [0, *others]
        above = row.path.rpartition("/")[0]
        parent = st.selectbox(
            "Ligger under",
            places,
            index=next((place for place, id in enumerate(places) if others.get(id) == above), 0),
            format_func=lambda id: others.get(id, _ON_TOP),
            key=f"group_parent_{row.id}",
            placeholder="Välj en grupp",
        )
        moved = st.form_submit_button("Flytta")
    if moved:
        _try(
            lambda: store.move_group(me, row.id, parent or None),
            "Gruppen är flyttad.",
            field=f"group_parent_{row.id}",
        )
    if others:
        _merge(row, others)
    if row.is_empty:
        draw_template("section.html", title="Ta bort gruppen", text="Gruppen är tom.")
        if st.button("Ta bort", key="group_remove"):
            _try(lambda: store.remove_group(me, row.id), "Gruppen är borttagen.", gone=True)


def _merge(row: GroupRow, others: dict[int, str]) -> None:
    context = current_context()
    draw_template(
        "section.html",
        title="Slå ihop med en annan grupp",
        text="Alla personer, chefer och undergrupper flyttas till den andra gruppen. Den här försvinner.",
    )
    with st.form("group_merge_form", border=False):
        into = st.selectbox(
            "Slå ihop med",
            list(others),
            format_func=lambda id: others[id],
            key=f"group_into_{row.id}",
            index=None,
            placeholder="Välj en grupp",
        )
        sure = st.checkbox("Ja, slå ihop grupperna", key=f"group_merge_sure_{row.id}")
        pressed = st.form_submit_button("Slå ihop")
    if pressed and (into is None or not sure):
        told = "Välj en grupp och kryssa i att du vill slå ihop dem."
        missing = f"group_into_{row.id}" if into is None else f"group_merge_sure_{row.id}"
        warning(told, fields=[missing])
    elif pressed and into is not None:
        done = f"Grupperna är ihopslagna till {others[into]}."
        _try(
            lambda: context.installation.store.merge_group(context.account.id, row.id, into), done, gone=True
        )


def _one_name(name: str) -> str:
    """Raises FieldRefused."""
    if "/" in name or "|" in name:
        raise FieldRefused(Fault.GROUP)
    return clean_name(name, Fault.GROUP)


def _try(change: Callable[[], object], done: str, *, gone: bool = False, field: str = "") -> None:
    """Make a change and show the groups anew, or say why it can't be made."""
    fields = [field] if field else []
    try:
        change()
    except FieldRefused as refused:
        tell_fault(refused, field)
    except GroupNameTaken:
        warning(_TAKEN, fields=fields)
    except GroupCircle:
        warning(_CIRCLE, fields=fields)
    except GroupNotEmpty:
        warning("Gruppen är inte tom längre. Flytta personerna och grupperna i den först.")
    else:
        st.session_state[_DONE] = done
        if gone:
            del st.query_params["grupp"]
        st.rerun()


def _say_done() -> None:
    if done := st.session_state.pop(_DONE, None):
        notice(done)
