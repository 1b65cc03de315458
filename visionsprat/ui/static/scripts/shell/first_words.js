import { app, heading } from "./streamlit.js";

/** They came with the index page, to be read at once; they give way when all of the page stands behind them. */
export function giveWay() {
  const words = document.querySelector(".first");
  if (!words || app()?.dataset.testScriptState !== "notRunning") return;
  if (!app().querySelector(".stHtml") || app().querySelector('[data-testid="stSkeleton"]')) return;
  if (words.querySelector(".think") && heading()?.matches(".lock") && !app().querySelector(".think")) return;
  const link = words.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = words.scrollTop;
  words.remove();
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, scrolled);
  if (link)
    app()
      .querySelector(`a[href="${CSS.escape(link)}"]`)
      ?.focus({ preventScroll: true });
}
