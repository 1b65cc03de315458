"""Print a page from WebKitGTK into a PDF, as its print dialogue does.

`print_from_webkit.py ADDRESS COOKIE SELECTOR FILE` waits until something on the page matches the selector.
It runs in the system's Python, which alone has GTK's bindings.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Soup", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, Soup, WebKit2  # noqa: E402  # their versions are named first


def main(address: str, cookie: str, selector: str, file: str) -> None:
    view = WebKit2.WebView.new_with_context(WebKit2.WebContext.new_ephemeral())
    window = Gtk.OffscreenWindow(default_width=1280, default_height=900)
    window.add(view)
    window.show_all()

    def look() -> bool:
        script = f"document.querySelector({selector!r}) !== null"
        view.evaluate_javascript(script, -1, None, None, None, seen)
        return bool(GLib.SOURCE_REMOVE)

    def seen(view: WebKit2.WebView, result: object) -> None:
        try:
            is_there = view.evaluate_javascript_finish(result).to_boolean()
        except GLib.Error:  # while the page is being loaded
            is_there = False
        if is_there:
            print_it()
        else:
            GLib.timeout_add(50, look)

    def print_it() -> None:
        settings = Gtk.PrintSettings()
        settings.set_printer("Print to File")
        settings.set(Gtk.PRINT_SETTINGS_OUTPUT_FILE_FORMAT, "pdf")
        settings.set(Gtk.PRINT_SETTINGS_OUTPUT_URI, Path(file).resolve().as_uri())
        operation = WebKit2.PrintOperation.new(view)
        operation.set_print_settings(settings)
        operation.connect("finished", Gtk.main_quit)
        operation.connect("failed", lambda operation, error: sys.exit(error.message))
        operation.print_()

    cookies = view.get_website_data_manager().get_cookie_manager()
    name, _, value = cookie.partition("=")
    session = Soup.Cookie.new(name, value, "localhost", "/", -1)
    cookies.add_cookie(session, None, lambda *added: view.load_uri(address))
    GLib.timeout_add(50, look)
    GLib.timeout_add_seconds(30, lambda: sys.exit("The page never came."))
    Gtk.main()


main(*sys.argv[1:])
