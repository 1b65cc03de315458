// Light, dark, or as the device is: what somebody has chosen on "Mitt konto", kept in this browser.
// It stands in the index page itself, behind our stylesheet: nothing is to be painted in another scheme first.
{
  // Where Streamlit looks for a choice of its own: by the address that was loaded, before its script runs.
  const streamlits = `stActiveTheme-${location.pathname}-v2`;
  let chosen = "";
  try {
    chosen = localStorage.getItem("visionsprat:scheme") ?? "";
    if (chosen) localStorage.setItem(streamlits, JSON.stringify(chosen === "dark" ? "Dark" : "Light"));
    else localStorage.removeItem(streamlits);
  } catch {
    // A browser that keeps nothing follows the device.
  }
  document.documentElement.dataset.scheme = chosen;
  if (chosen) {
    document.documentElement.style.colorScheme = chosen;
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    for (const rule of rules)
      if (rule.conditionText === "(prefers-color-scheme: dark)")
        rule.media.mediaText = chosen === "dark" ? "all" : "not all";
  }
}
