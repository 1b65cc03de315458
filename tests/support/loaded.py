"""What a server needs, imported and compressed ahead of the fork, where hashes of passwords come cheap.

Streamlit warns that it is imported outside of itself.
"""

import functools
import gc
import importlib
import logging
import pkgutil

import bcrypt

import visionsprat

#: bcrypt's lowest cost: what is tested on these servers is not bcrypt.
bcrypt.gensalt = functools.partial(bcrypt.gensalt, 4)

ELSEWHERE = (
    "streamlit.web.bootstrap",
    "streamlit.web.cli",
    "streamlit.web.server.starlette.starlette_app",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "uvloop",
)
logging.disable(logging.WARNING)
for name in ELSEWHERE:
    importlib.import_module(name)
for module in pkgutil.walk_packages(visionsprat.__path__, "visionsprat."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
logging.disable(logging.NOTSET)

index = importlib.import_module("visionsprat.web.index_page")
files = importlib.import_module("visionsprat.web.static_files")
files.compress_ahead(index.index_page(), files.scripts_and_styles())
gc.freeze()
