// Whether an answer is the server's own, and to what was asked. Proxies answer in its place, and networks that want
// to be signed in to first: with any status, with JSON, with what they have kept of another answer.

const CRC = Uint32Array.from({ length: 256 }, (_, each) => {
  let value = each;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of a text's UTF-16, as the server reckons it: halves of pairs are counted as they stand. */
export function crc32(text) {
  let sum = 0xffffffff;
  for (let place = 0; place < text.length; place += 1) {
    const unit = text.charCodeAt(place);
    sum = CRC[(sum ^ unit) & 0xff] ^ (sum >>> 8);
    sum = CRC[(sum ^ (unit >>> 8)) & 0xff] ^ (sum >>> 8);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const isRevision = (value) => Number.isSafeInteger(value) && value >= 0;
const isTime = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
const isText = (value) => typeof value === "string";

/** What is said of a stored text. */
const describes = (body) => isRevision(body.revision) && isTime(body.saved_at) && isText(body.epoch);

/** Answers that need not have read the text: whose page it is on is enough. */
const UNREAD = [401, 429, 503];

/** Whether an answer to a save is ours, about this text of this account's. */
export function isOurs({ status, body }, account, question, text) {
  if (body?.account !== Number(account)) return false;
  if (UNREAD.includes(status)) return true;
  if (body.crc32 !== crc32(text)) return false;
  if (status === 404) return isText(body.message); // it names no question that there is not
  if (body.question !== question) return false;
  if (status === 200) return describes(body);
  return status === 409 ? describes(body) && isText(body.text) : isText(body.message);
}

const isVersion = (each) => isText(each?.text) && isTime(each.saved_at);
/** Whether it is a list of earlier versions. */
export const areVersions = (body) => Array.isArray(body?.versions) && body.versions.every(isVersion);
