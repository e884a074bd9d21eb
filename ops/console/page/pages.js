/** The pages, in the order of the menu: where, what it is called, its key after `g`, and its file. */
export const pages = [
  { path: '/', title: 'Overview', key: 'o', load: () => import('./pages/overview.js') },
  { path: '/mailboxes', title: 'Mailboxes', key: 'm', load: () => import('./pages/mailboxes.js') },
  { path: '/actors', title: 'Actors', key: 'a', load: () => import('./pages/actors.js') },
  { path: '/sagas', title: 'Sagas', key: 's', load: () => import('./pages/sagas.js') },
  { path: '/stuck', title: 'Stuck', key: 't', load: () => import('./pages/stuck.js') },
  { path: '/parked', title: 'Parked actors', key: 'p', load: () => import('./pages/parked.js') },
  { path: '/cluster', title: 'Cluster', key: 'c', load: () => import('./pages/cluster.js') },
  { path: '/dead-letters', title: 'Dead letters', key: 'd', load: () => import('./pages/dead-letters.js') },
  { path: '/outbox', title: 'Outbox', key: 'b', load: () => import('./pages/outbox.js') },
  { path: '/events', title: 'Events', key: 'e', load: () => import('./pages/events.js') },
  { path: '/dead-events', title: 'Dead events', key: 'v', load: () => import('./pages/dead-events.js') },
  { path: '/audit', title: 'Audit', key: 'u', load: () => import('./pages/audit.js') },
];
