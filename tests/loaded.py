"""What a server needs, imported ahead of the fork. Streamlit warns that it is imported outside of itself."""

import importlib
import logging

logging.disable(logging.WARNING)
for name in ("streamlit.web.bootstrap", "streamlit.web.cli", "visionsprat.downloads", "visionsprat.ui.pages"):
    importlib.import_module(name)
logging.disable(logging.NOTSET)
