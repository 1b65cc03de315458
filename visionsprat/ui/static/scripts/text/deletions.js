import { isBlank, isLeftOf, length, muchGoes } from "./rules.js";

const ONE_DELETION = 10000; // ms within which saves that follow one another are one deletion

/** Finds the text to offer back when much of it has gone: the fullest one since the last that was offered. */
export class Deletions {
  offer(before, saved) {
    const fullest =
      this.last === before.text && length(this.fullest) > length(before.text) ? this.fullest : before.text;
    const apart = Math.abs(new Date(saved.saved_at) - new Date(before.saved_at)); // a clock may be set back
    const goesOn = apart <= ONE_DELETION;
    const onlyLeft = goesOn && this.offered !== undefined && isLeftOf(fullest, this.offered);
    const much = !isBlank(fullest) && !onlyLeft && muchGoes(fullest, saved.text);
    this.last = saved.text;
    this.fullest = !much && !onlyLeft && length(saved.text) < length(fullest) ? fullest : saved.text;
    if (!much) return null;
    this.offered = fullest;
    return fullest;
  }
}
