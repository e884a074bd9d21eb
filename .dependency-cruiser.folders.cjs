/**
 * No folder needs one that needs it. Tests are left out, they look where they like, and so are contracts, which name no
 * implementation.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-folder-cycle',
      comment: 'A room is understood without the rooms that use it.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    ...options,
    exclude: { path: `${options.exclude.path}|\\.test\\.ts$|/testing/|\\.contract\\.ts$` },
  },
};
