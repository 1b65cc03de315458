"""An empty page: its heading, which the walk in the browser waits for."""

from urllib.parse import urlsplit

import streamlit as st

name = urlsplit(st.context.url or "").path.strip("/") or "Start"
st.html(f'<h1 id="innehall" tabindex="-1">{name}</h1>')
