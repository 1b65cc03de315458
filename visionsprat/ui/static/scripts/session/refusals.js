// What an answer says of the session goes to session.js, which stands above those that get answers.

let heed = () => {};

/** `whenTold` is called with an account and the status of each answer about it. */
export const heedStatuses = (whenTold) => void (heed = whenTold);

export const noteStatus = (account, status) => heed(account, status);
