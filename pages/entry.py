"""Where every script run begins: find out who is here, and draw the page they asked for in its frame."""

import streamlit as st

from visionsprat.ui import frame, pages
from visionsprat.ui.here import arrive
from visionsprat.ui.watch import watched

with watched():
    page = st.navigation(pages.pages_for(arrive()), position="hidden")
    frame.draw_navigation()
    page.run()
    frame.draw_end()
