import { nfc } from "./rules.js";

const MOST_COMPARED = 4000000; // pairs of words; beyond that all that lies between two texts' ends differs

/** The words of both texts in pieces [text, differs], each text's own: what they have in common and what not. */
export function compare(one, other) {
  const [a, b] = [one, other].map((text) => nfc(text).match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []);
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const kept = [new Set(), new Set()];
  const [rows, columns] = [a.length - start - end, b.length - start - end];
  if (rows * columns <= MOST_COMPARED) {
    // common[i][j]: how many words the rests from i and j have in common, in order
    const common = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
    for (let i = rows - 1; i >= 0; i -= 1)
      for (let j = columns - 1; j >= 0; j -= 1)
        common[i][j] =
          a[start + i] === b[start + j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    for (let i = 0, j = 0; i < rows && j < columns;) {
      if (a[start + i] === b[start + j]) {
        kept[0].add(start + i++);
        kept[1].add(start + j++);
      } else if (common[i + 1][j] >= common[i][j + 1]) i += 1;
      else j += 1;
    }
  }
  return [a, b].map((words, side) => {
    const pieces = [];
    words.forEach((word, place) => {
      const differs = place >= start && place < words.length - end && !kept[side].has(place);
      if (pieces.at(-1)?.[1] === differs) pieces.at(-1)[0] += word;
      else pieces.push([word, differs]);
    });
    return pieces;
  });
}
