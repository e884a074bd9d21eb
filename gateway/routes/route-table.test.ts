import { expect } from 'chai';
import type { Method } from '../api/describe-route.ts';
import { createRouteTable } from './route-table.ts';
import { defineRoute, type Route } from './route.ts';

function route(text: string): Route {
  const [method, path] = text.split(' ') as [Method, string];
  const answers = { 200: { description: text } };
  return defineRoute(
    { operationId: text, tag: 'Any', summary: text, method, path, access: 'user', answers },
    { handle: async () => ({ status: 200, body: text }) },
  );
}

const table = createRouteTable(
  ['GET /a', 'POST /a', 'GET /a/:id', 'PUT /a/:id', 'POST /a/:id/cancel', 'GET /a/mine/first'].map(route),
);

function at(path: string): unknown {
  const place = table(path);
  if (place === undefined) return undefined;
  return [[...place.routes.values()].map(({ method, path: there }) => `${method} ${there}`), place.params];
}

describe('createRouteTable', () => {
  const places: Record<string, unknown> = {
    '/a': [['GET /a', 'POST /a'], {}],
    '/a/': [['GET /a', 'POST /a'], {}],
    '/a/7': [['GET /a/:id', 'PUT /a/:id'], { id: '7' }],
    '/a/7/': [['GET /a/:id', 'PUT /a/:id'], { id: '7' }],
    '/a/mine': [['GET /a/:id', 'PUT /a/:id'], { id: 'mine' }],
    '/a/mine/first': [['GET /a/mine/first'], {}],
    '/a/mine/cancel': [['POST /a/:id/cancel'], { id: 'mine' }],
    '/a/x%2Fy%20%C3%BC': [['GET /a/:id', 'PUT /a/:id'], { id: 'x/y ü' }],
    '/a/__proto__': [['GET /a/:id', 'PUT /a/:id'], { id: '__proto__' }],
  };
  for (const [path, place] of Object.entries(places))
    it(`finds ${path}`, () => expect(at(path)).to.deep.equal(place));

  const nowhere = ['', '/', '*', 'a', '//', '//a', '/a//', '/a//7', '/A', '/%61', '/a/7/cancel/x', '/a/7//', '/b', '/a;x', '/a/7/constructor', '/'.repeat(16_000)]; // prettier-ignore
  for (const path of nowhere)
    it(`finds nothing at ${path.slice(0, 20)}`, () => expect(at(path)).to.equal(undefined));

  it('refuses two routes of one name, and two names of one parameter', () => {
    expect(() => createRouteTable(['GET /a', 'GET /a'].map(route))).to.throw('two routes GET /a');
    expect(() => createRouteTable(['GET /a/:x', 'PUT /a/:y'].map(route))).to.throw(':y is also :x');
  });
});
