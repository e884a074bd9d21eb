/** Where Bull Board is. */
export const boardPath = '/mailboxes/board';
