// Which field a fault is about, and where the focus goes then.

const tied = new Set(); // the fields that something is said about
const met = new WeakSet(); // the faults that have been gone to

const fieldsOf = (note) =>
  note.dataset.fields
    .split(" ")
    .map((key) => document.querySelector(`.st-key-${CSS.escape(key)} input`))
    .filter(Boolean);

export function set(field, name, value) {
  if ((field.getAttribute(name) ?? "") === value) return;
  if (value) field.setAttribute(name, value);
  else field.removeAttribute(name);
}

/** Tie what is said about fields, advice and faults, to them; go to the first one that a new fault is about,
 * or whose form has taken the place of what had focus. */
export function tieFields() {
  const notes = [...document.querySelectorAll("[data-fields]")];
  const about = new Map([...tied].map((field) => [field, []]));
  for (const note of notes) for (const field of fieldsOf(note)) about.set(field, [...(about.get(field) ?? []), note]);
  tied.clear();
  for (const [field, said] of about) {
    set(field, "aria-describedby", said.map((note) => note.id).join(" "));
    set(field, "aria-invalid", said.some((note) => note.role === "alert") ? "true" : "");
    if (said.length) tied.add(field);
  }
  const leads = (note) => note.role === "alert" || "go" in note.dataset;
  const fault = notes.find((note) => leads(note) && !met.has(note) && !note.closest('[data-stale="true"]'));
  if (!fault) return;
  met.add(fault);
  fieldsOf(fault)[0]?.focus();
}
