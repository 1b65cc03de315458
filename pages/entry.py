"""Where every script run begins: find out who is here, and draw the page they asked for in its frame."""

import streamlit as st

from visionsprat.ui import layout, pages
from visionsprat.ui.context import arrive, settle
from visionsprat.ui.script_runs import in_turn, watched

with watched():
    at = arrive()
    with in_turn(is_stranger=at.visitor is None):
        page = st.navigation(pages.pages_for(at), position="hidden")
        settle(page.url_path)
        layout.draw_navigation()
        page.run()
        layout.draw_end()
