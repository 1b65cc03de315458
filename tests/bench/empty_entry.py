"""The entry script of the empty application: eight pages, whose navigation is hidden as in ours."""

from pathlib import Path

import streamlit as st

from tests.support.walk import WALK

script = Path(__file__).parent / "empty_page.py"
st.navigation(
    [
        st.Page(script, title=address or "Start", url_path=address or None, default=address == "")
        for address in WALK
    ],
    position="hidden",
).run()
