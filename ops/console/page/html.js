import { h } from 'preact';
import htm from 'htm';

/** Elements by templates: html`<p>${text}</p>`. */
export const html = htm.bind(h);
