// This browser's other tabs.

const TAB = Math.random().toString(36).slice(2);

function open() {
  try {
    return new BroadcastChannel("visionsprat");
  } catch {
    return null; // Firefox, where storage is blocked.
  }
}

export const tabs = open();

export const tell = (kind, said) => tabs?.postMessage({ kind, tab: TAB, ...said });
