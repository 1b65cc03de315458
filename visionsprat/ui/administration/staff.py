"""The staff list: upload a file, see what it will change, confirm."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from visionsprat.errors import StaffListOutdated
from visionsprat.staff.plan import MAX_FAULTS, Preview, StaffListFaulty, asks_once_more, preview
from visionsprat.staff.table import MAX_BYTES, Unreadable
from visionsprat.ui.context import current_context
from visionsprat.ui.layout import draw as draw_template
from visionsprat.ui.layout import notice, warning
from visionsprat.web.uploads import forget_file
from visionsprat.wording.formats import thousands
from visionsprat.wording.messages import HELD, ODDITIES, PROBLEMS, READ_AS, TROUBLE

#: As many of each kind are listed; the rest are counted.
_MOST = 200
_DONE, _ROUND = "staff_done", "staff_round"


def draw() -> None:
    """Draw this part of the administration page."""
    draw_template("staff.html")
    if done := st.session_state.pop(_DONE, None):
        notice(done)
    # A new key empties the uploader: the file is not kept once it has been taken.
    round_ = st.session_state.setdefault(_ROUND, 0)
    file = st.file_uploader(
        "Personallistan som CSV eller Excel",
        type=["csv", "txt", "xlsx", "xls"],
        max_upload_size=MAX_BYTES // 1_000_000,
        key=f"staff_file_{round_}",
    )
    if isinstance(st.session_state.get(f"staff_file_{round_}"), DeletedFile):
        warning(HELD["file"])  # the browser has it still, and uploads.py has given it up
    if file is None:
        return
    whole = st.checkbox(
        "Den här filen är hela personallistan. Avaktivera alla som inte finns i den.",
        key=f"staff_whole_{round_}",
    )
    # Offered below the preview that tells of them; asked before the file is read.
    as_written = bool(st.session_state.get(f"staff_groups_{round_}"))
    found = _preview(file.getvalue(), whole, as_written)
    if found is None:
        return
    draw_template(
        "staff_preview.html", found=found, whole=whole, read_as=READ_AS, most=_MOST, oddities=ODDITIES
    )
    if found.joins_groups or as_written:
        st.checkbox(
            "Gör egna grupper av dem som skiljer sig bara i stora och små bokstäver",
            key=f"staff_groups_{round_}",
        )
    if not found.plan.is_empty and _is_sure(found):
        _apply(found, file.name)


def _preview(data: bytes, whole: bool, as_written: bool) -> Preview | None:
    bar = st.progress(0.0, "Läser filen")
    try:
        before = current_context().installation.store.directory()
        return preview(data, before, whole=whole, as_written=as_written, report=bar.progress)
    except Unreadable as error:
        warning(TROUBLE[error.trouble].format(about=error.about))
    except StaffListFaulty as error:
        draw_template(
            "staff_faults.html", faults=error.faults, problems=PROBLEMS, most=_MOST, stopped=MAX_FAULTS
        )
    finally:
        bar.empty()
    return None


def _is_sure(found: Preview) -> bool:
    """Ask, and once more when many would be deactivated or the administrator themself."""
    gone = len(found.plan.deactivated)
    sure = True
    if asks_once_more(found.plan, current_context().account.email):
        warning(
            f"Det här avaktiverar {thousands(gone)} av {thousands(len(found.plan.before.people))} konton. "
            "De som avaktiveras loggas ut genast. Det de har skrivit finns kvar."
        )
        sure = st.checkbox(f"Ja, avaktivera {thousands(gone)}", key="staff_sure")
    return st.button("Genomför ändringarna", type="primary", disabled=not sure, key="staff_apply")


def _apply(found: Preview, name: str) -> None:
    context = current_context()
    bar = st.progress(0.0, "Sparar")
    try:
        context.installation.store.apply_staff(found.plan, context.account.id, name, bar.progress)
    except StaffListOutdated:
        bar.empty()
        warning("Något annat har ändrats sedan du såg vad filen gör. Titta igenom ändringarna igen.")
        return
    plan = found.plan
    st.session_state[_DONE] = (
        f"Klart. {thousands(len(plan.new))} nya, {thousands(len(plan.changed))} ändrade, "
        f"{thousands(plan.unchanged)} oförändrade."
    )
    st.session_state[_ROUND] += 1
    forget_file()
    st.rerun()
