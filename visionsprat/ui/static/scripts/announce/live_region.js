// What is said aloud, and not shown.

const voice = document.createElement("p");
voice.className = "unseen";
voice.setAttribute("role", "status");
document.body.append(voice);

const AGAIN = 150; // ms

/** What stands there already has to go for a moment: no change, no word. */
export function say(words) {
  const isSame = voice.textContent === words;
  voice.replaceChildren(isSame ? "" : words);
  if (isSame) setTimeout(() => voice.replaceChildren(words), AGAIN);
}
