import { html } from './html.js';
import { Link, addressOf } from './location.js';

/** An actor, and the way to it. */
export function ActorLink({ type, actorKey }) {
  return html`<${Link} to=${addressOf('/actors', { type, key: actorKey })}
    ><code>${type} ${actorKey}</code><//
  >`;
}
