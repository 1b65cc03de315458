"""The ASGI side: what stands before Streamlit, and the routes that are no script runs."""
