/** What relays, and those who look at them, have in common unless they are told otherwise. */
export const defaultOutboxTable = 'outbox_events';
/** Names the advisory lock of the active relay. */
export const defaultLockId = 7_261_002;
export const relayApplicationName = 'trolley-outbox-relay';
