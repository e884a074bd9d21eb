import { Ago, number } from './format.js';
import { html } from './html.js';

/** Of what failed: when, what, why, after how many tries. */
export const failureColumns = [
  { name: 'at', title: 'When', cell: ({ at }) => html`<${Ago} at=${at} />`, sort: ({ at }) => at },
  {
    name: 'what',
    title: 'What',
    cell: ({ what, name }) => html`${what} ${name && html`<code>${name}</code>`}`,
    text: ({ what, name }) => `${what} ${name ?? ''}`,
  },
  {
    name: 'reason',
    title: 'Why',
    below: true,
    cell: ({ code, reason }) => html`<code>${code}</code> ${reason}`,
    text: ({ code, reason }) => `${code} ${reason}`,
  },
  { name: 'attempts', title: 'Tried', end: true, minor: true, cell: ({ attempts }) => number(attempts) },
];
