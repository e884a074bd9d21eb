import Module, { register } from 'node:module';
import { pathToFileURL } from 'node:url';

/*
 * Loaded before TypeScript: from here on Node runs the sources as they are, by the hooks in typescript-hooks.mjs. It is
 * plain JavaScript that needs nothing but Node and esbuild.
 *
 * tsx would do, but for one thing: its esbuild gives every closure its name when it is made (`keepNames`, which can't be
 * turned off), also those made for each request. That costs processor time and some 20 MB.
 */

process.setSourceMapsEnabled(true);
register('./typescript-hooks.mjs', import.meta.url);

// Mocha requires a test file and awaits what it gets. Node 20 has no hooks behind `require`.
Module._extensions['.ts'] = (module, path) => {
  module.exports = import(pathToFileURL(path).href);
};
