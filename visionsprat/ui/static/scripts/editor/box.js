// The box one writes in. What stands in it is the truth, however it came there: programs that take dictation,
// that spell or that help one to write change it with one event, with another or with none.

import { storable } from "../text/rules.js";

const growsByItself = () => CSS.supports("field-sizing", "content");

export class Box {
  /** `onText` is told each text that comes to stand in `area`, but for those that are put there. */
  constructor(area, onText) {
    this.area = area;
    this.onText = onText;
    this.seen = area.value; // what stood in it when it was looked at last ...
    this.text = this.seen; // ... and what of that can be stored
    this.hasTakenOut = false; // something that can't be, since one came to write
    this.composing = false;
    for (const name of ["input", "change", "keyup"]) area.addEventListener(name, () => this.look());
    area.addEventListener("compositionstart", () => (this.composing = true));
    area.addEventListener("compositionend", () => {
      this.composing = false;
      this.look();
    });
    area.addEventListener("focus", () => (this.hasTakenOut = false));
    area.addEventListener("blur", () => {
      this.composing = false;
      this.look({ isAtRest: true });
    });
    if (!growsByItself()) addEventListener("resize", () => this.grow());
  }

  /** Take in what stands there, if it is another text than before. */
  look({ isAtRest = false } = {}) {
    const { value } = this.area;
    const isNew = value !== this.seen;
    this.seen = value;
    if (isNew) this.text = storable(value);
    const isMended = this.takeOut(isAtRest);
    if (isNew || isMended) this.onText(this.text);
  }

  /** Take out what can't be stored; not while a character is being composed, whose halves may come one by one.
   * Whether there was any. */
  takeOut(isAtRest) {
    if (this.seen === this.text || this.composing) return false;
    const { selectionStart, selectionEnd, selectionDirection } = this.area;
    const isFocused = document.activeElement === this.area;
    if (isFocused && !isAtRest && /[\uD800-\uDBFF]$/.test(this.seen.slice(0, selectionEnd))) return false;
    const [start, end] = [selectionStart, selectionEnd].map((place) => storable(this.seen.slice(0, place)).length);
    this.area.value = this.text;
    this.seen = this.area.value;
    this.hasTakenOut = true;
    if (isFocused) this.area.setSelectionRange(start, end, selectionDirection); // it takes the focus in some browsers
    return true;
  }

  /** Put a text there, unless it stands there. Look first: what nobody has seen yet would be lost. */
  put(text) {
    const shown = text.replace(/\r\n?/g, "\n"); // as a textarea has it
    if (shown !== this.text) this.area.value = this.seen = this.text = shown;
    this.grow();
  }

  /** Be as high as the text, where the style sheet can't say so. The page stays as high as it is meanwhile: a
   * shorter one would scroll away from where one writes. */
  grow() {
    if (growsByItself() || !this.area.isConnected) return;
    const { area } = this;
    const measured = `${area.clientWidth} ${this.seen}`;
    if (measured === this.measured) return;
    this.measured = measured;
    const around = area.parentElement;
    around.style.minHeight = `${around.offsetHeight}px`;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
    around.style.minHeight = "";
  }
}
