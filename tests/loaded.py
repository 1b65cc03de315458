"""What a server needs, imported ahead of the fork. Streamlit warns that it is imported outside of itself."""

import logging

logging.disable(logging.WARNING)
import streamlit.web.bootstrap  # noqa: E402
import streamlit.web.cli  # noqa: E402, F401

import visionsprat.downloads  # noqa: E402
import visionsprat.ui.pages  # noqa: E402, F401

logging.disable(logging.NOTSET)
