import type { Method } from '../api/describe-route.ts';
import type { Route } from './route.ts';

/** What there is at a path: a route for each of its methods. */
export interface Place {
  readonly routes: ReadonlyMap<string, Route>;
  /** Decoded, by their names in the path of the route. */
  readonly params: Readonly<Record<string, string>>;
}

interface Branch {
  readonly routes: Map<Method, Route>;
  readonly fixed: Map<string, Branch>;
  /** Where any segment may stand. */
  open?: { readonly name: string; readonly branch: Branch };
}

/**
 * Finds routes by the segments of a path: the work is that of the path's length, however many routes there are. Case
 * matters, one slash at the end doesn't, and only what stands for a parameter is decoded. What can't be decoded has
 * been refused before.
 */
export function createRouteTable(routes: readonly Route[]): (path: string) => Place | undefined {
  const root = newBranch();
  // Most requests are for a path without parameters, written as it stands here.
  const fixed = new Map<string, Place>();
  let longest = 0;
  for (const route of routes) {
    const segments = route.path.split('/');
    longest = Math.max(longest, segments.length);
    const { routes: there } = segments.reduce(grown, root);
    if (there.has(route.method)) throw new Error(`there are two routes ${route.method} ${route.path}`);
    there.set(route.method, route);
    if (!route.path.includes(':')) fixed.set(route.path, { routes: there, params: {} });
  }
  return (path) => {
    const place = fixed.get(path);
    if (place !== undefined) return place;
    // Two more than the longest: it may end with a slash, and must not be taken for longer than it is.
    const segments = path.split('/', longest + 2);
    if (segments.at(-1) === '') segments.pop();
    return found(root, segments, 0);
  };
}

/** A route with that very segment comes before one with a parameter there. */
function found(branch: Branch, segments: readonly string[], at: number): Place | undefined {
  const segment = segments[at];
  if (segment === undefined)
    return branch.routes.size === 0 ? undefined : { routes: branch.routes, params: {} };
  const { fixed, open } = branch;
  const next = fixed.get(segment);
  const place = next && found(next, segments, at + 1);
  if (place !== undefined || open === undefined || segment === '') return place;
  const beyond = found(open.branch, segments, at + 1);
  return beyond && { ...beyond, params: { ...beyond.params, [open.name]: decodeURIComponent(segment) } };
}

function grown(branch: Branch, segment: string): Branch {
  if (segment.startsWith(':')) {
    branch.open ??= { name: segment.slice(1), branch: newBranch() };
    if (branch.open.name !== segment.slice(1)) throw new Error(`${segment} is also :${branch.open.name}`);
    return branch.open.branch;
  }
  const next = branch.fixed.get(segment) ?? newBranch();
  branch.fixed.set(segment, next);
  return next;
}

function newBranch(): Branch {
  return { routes: new Map(), fixed: new Map() };
}
