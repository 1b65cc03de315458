// Light, dark, or as the device is: what somebody has chosen on "Mitt konto", kept in this browser.

const KEY = "visionsprat:scheme";
const DARK = "(prefers-color-scheme: dark)";
// Where Streamlit looks for a choice of its own: by the address that was loaded, before its script runs.
const STREAMLITS = `stActiveTheme-${location.pathname}-v2`;

const chosen = read();

function read() {
  try {
    const found = localStorage.getItem(KEY) ?? "";
    if (found) localStorage.setItem(STREAMLITS, JSON.stringify(found === "dark" ? "Dark" : "Light"));
    else localStorage.removeItem(STREAMLITS);
    return found;
  } catch {
    return ""; // a browser that keeps nothing follows the device
  }
}

if (chosen) {
  document.documentElement.style.colorScheme = chosen;
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  for (const rule of rules) if (rule.conditionText === DARK) rule.media.mediaText = chosen === "dark" ? "all" : "not all";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-scheme]");
  if (!button) return;
  localStorage.setItem(KEY, button.dataset.scheme);
  await window.visionsprat.settle(2000); // nothing is to be lost for a colour
  location.reload();
});

new MutationObserver(() => {
  for (const button of document.querySelectorAll("button[data-scheme]:not([aria-pressed])"))
    button.setAttribute("aria-pressed", String(button.dataset.scheme === chosen));
}).observe(document.body, { subtree: true, childList: true });
