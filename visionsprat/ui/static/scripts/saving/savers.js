// The savers of all texts that this tab knows, and what of them is not saved yet.

export const savers = new Map();

export const saversOf = (account) => [...savers].filter(([key]) => key.startsWith(`${account} `));

/** Save what is unsaved, and wait until it is or `patience` milliseconds have passed. */
export async function settle(patience) {
  unsaved().forEach((saver) => saver.flush());
  if (!unsaved().length) return;
  await new Promise((done) => {
    settling.push(done); // no clock: in a tab that is not in front it ticks once a minute
    setTimeout(done, patience);
  });
}

const settling = []; // who waits until nothing is unsaved

export function tellSettled() {
  if (!unsaved().length) settling.splice(0).forEach((done) => done());
}

export function unsaved() {
  savers.forEach((saver) => saver.look());
  return [...savers.values()].filter((saver) => saver.dirty && !saver.gone);
}
