/** The pages, in the order of the menu: where, what it is called, its key after `g`, and its file. */
export const pages = [
  { path: '/', title: 'Overview', key: 'o', load: () => import('./pages/overview.js') },
  { path: '/dead-letters', title: 'Dead letters', key: 'd', load: () => import('./pages/dead-letters.js') },
  { path: '/parked', title: 'Parked actors', key: 'p', load: () => import('./pages/parked.js') },
  { path: '/audit', title: 'Audit', key: 'u', load: () => import('./pages/audit.js') },
];
