/** How much of any list is given at once: where nobody says how much, and at most. */
export const defaultPageSize = 100;
export const maxPageSize = 500;
