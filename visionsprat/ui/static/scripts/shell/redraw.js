// Streamlit draws a page anew when its address is shown as by the browser's back button.

export const showAddress = () => dispatchEvent(new PopStateEvent("popstate"));

export function redraw() {
  const isBusy = document.activeElement?.matches("input, textarea, select"); // a new run may take what is half written
  if (!isBusy) showAddress();
}
