export function dialog(sentence, buttons) {
  return new Promise((answer) => {
    const made = document.createElement("dialog");
    made.className = "ask";
    const text = document.createElement("p");
    text.textContent = sentence;
    const row = document.createElement("form");
    row.method = "dialog";
    row.className = "actions";
    for (const [value, name] of buttons) {
      const button = document.createElement("button");
      button.value = value;
      button.className = "button";
      button.textContent = name;
      row.append(button);
    }
    made.append(text, row);
    made.setAttribute("aria-label", sentence);
    made.addEventListener("close", () => {
      made.remove();
      answer(made.returnValue);
    });
    document.body.append(made);
    made.showModal();
  });
}

export const tell = (sentence) => dialog(sentence, [["ok", "Stäng"]]);
