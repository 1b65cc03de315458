// What a program, such as a password manager, has put into a field without an event: Streamlit would take the
// field for empty. It is told when one goes to a field, or presses something.

const FIELDS = '[data-testid="stTextInputRootElement"] input';
const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");

/** React keeps what it knows as the field's default, and overlooks an event about a value that it has seen set:
 * hence a blank more, and away again. */
function tellWhatStandsThere() {
  let found = false;
  for (const field of document.querySelectorAll(FIELDS)) {
    const { value } = field;
    if (!value || value === field.defaultValue) continue;
    for (const each of [`${value} `, value]) {
      set.call(field, each);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    found = true;
  }
  return found;
}

// Ahead of Streamlit: it draws a field anew that gets the focus, and takes out what it does not know of.
for (const kind of ["focusin", "focusout", "pointerdown", "click"]) addEventListener(kind, tellWhatStandsThere, true);

/** Streamlit sends a form with what it knew when the key came: it comes again. */
function pressed(event) {
  const { key, target } = event;
  if (key !== "Enter" || !target.matches?.(FIELDS) || !tellWhatStandsThere()) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  setTimeout(() => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
}

addEventListener("keydown", pressed, true);
