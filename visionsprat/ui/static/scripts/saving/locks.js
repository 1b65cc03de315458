// Which tab has a draft: each keeps its own, none overwrites another's.

export const held = new Map(); // name -> lets go of it

/** Whether a draft is this tab's from now on, and was not before. What a closed tab leaves becomes one other's. */
export function claim(name) {
  if (held.has(name)) return false;
  held.set(name, () => held.delete(name));
  if (!navigator.locks) return true; // an old browser: a draft is then whoever's of the person's tabs that finds it
  return new Promise((answer) => {
    const hold = (lock) => {
      answer(lock !== null);
      if (!lock) return held.delete(name); // an open tab has it
      return new Promise((done) => held.set(name, () => done(held.delete(name)))); // until then, or the tab is closed
    };
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(() => answer(true));
  });
}

export const letGo = (name) => held.get(name)?.();
