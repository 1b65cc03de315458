import * as disk from "./disk.js";
import { seal } from "./keys.js";
import { PREFIX, randomName, storage } from "./storage.js";

/** The place of one draft. What is written comes there in order, the newest last. */
export class Draft {
  constructor(account, name = randomName(PREFIX)) {
    this.account = account;
    this.name = name;
    this.content = null; // what is still to be written
    this.count = 0; // how often it has been, by which the newer of two is known
  }

  /** Keep it from now on. Whether that could be done. */
  write(content) {
    this.content = content;
    return (this.writing ??= this.writeNewest());
  }

  async writeNewest() {
    let kept = true;
    try {
      while (this.content) {
        const { content } = this;
        const sealed = await seal(this.account, { ...content, count: (this.count += 1) });
        if (!this.content) break; // removed meanwhile
        kept = sealed !== null && storage.write(this.name, sealed);
        if (kept) disk.write(this.name, sealed);
        if (this.content === content) this.content = null;
      }
      return kept;
    } finally {
      this.writing = undefined;
    }
  }

  remove() {
    this.content = null;
    removeDraft(this.name);
  }
}

export function removeDraft(name) {
  storage.remove(name);
  disk.remove(name);
}
