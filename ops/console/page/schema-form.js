import { useState } from 'preact/hooks';
import { html } from './html.js';

/**
 * Fields for a value that a JSON Schema describes: one for each property that is text, a number, a choice or yes and no,
 * JSON for all else, and for the whole where there is no schema. `readForm` makes the value of what was filled in.
 */
export function SchemaForm({ schema, prefix = 'input' }) {
  const isForm = schema?.type === 'object' && schema.properties !== undefined;
  const [asJson, setAsJson] = useState(!isForm);
  return html`
    ${
      isForm &&
      html`<p class="form-kind">
        <label
          ><input type="checkbox" checked=${asJson} onChange=${() => setAsJson(!asJson)} /> as JSON</label
        >
      </p>`
    }
    ${
      asJson
        ? html`<label
            >Input, as JSON<textarea name=${prefix} rows="6" class="mono" spellcheck="false">
${template(schema)}</textarea>
          </label>`
        : Object.entries(schema.properties).map(
            ([name, each]) =>
              html`<${Field}
                key=${name}
                name=${`${prefix}.${name}`}
                title=${name}
                schema=${each}
                required=${schema.required?.includes(name) ?? false}
              />`,
          )
    }
    ${!asJson && Object.keys(schema.properties).length === 0 && html`<p class="faint">It has no fields.</p>`}
    <input type="hidden" name=${`${prefix}-as-json`} value=${asJson ? 'yes' : ''} />
  `;
}

function Field({ name, title, schema, required }) {
  const label = html`${title}${required ? '' : html` <span class="faint">optional</span>`}`;
  const help = schema.description && html`<span class="faint"> ${schema.description}</span>`;
  switch (kindOf(schema)) {
    case 'choice':
      return html`<label
        >${label}${help}<select name=${name} required=${required}>
          ${!required && html`<option value=""></option>`}
          ${schema.enum.map((value) => html`<option value=${JSON.stringify(value)}>${String(value)}</option>`)}
        </select></label
      >`;
    case 'yes or no':
      return html`<label
        >${label}${help}<select name=${name} required=${required}>
          ${!required && html`<option value=""></option>`}
          <option value="false">false</option>
          <option value="true">true</option>
        </select></label
      >`;
    case 'number':
      return html`<label
        >${label}${help}<input
          type="number"
          name=${name}
          required=${required}
          step=${schema.type === 'integer' ? 1 : 'any'}
          min=${schema.minimum}
          max=${schema.maximum}
      /></label>`;
    case 'text':
      return html`<label
        >${label}${help}<input
          name=${name}
          required=${required}
          maxlength=${schema.maxLength}
          spellcheck="false"
      /></label>`;
    default:
      return html`<label
        >${label} <span class="faint">JSON</span>${help}<textarea
          name=${name}
          rows="3"
          class="mono"
          required=${required}
          spellcheck="false"
        ></textarea>
      </label>`;
  }
}

function kindOf({ type, enum: choices }) {
  if (choices !== undefined) return 'choice';
  if (type === 'boolean') return 'yes or no';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' ? 'text' : 'json';
}

/** @throws Error in a sentence, where a field is no JSON */
export function readForm(schema, fields, prefix = 'input') {
  if (fields[`${prefix}-as-json`] === 'yes') return parsed('the input', fields[prefix] || '{}');
  const entries = Object.entries(schema.properties).flatMap(([name, each]) => {
    const given = fields[`${prefix}.${name}`] ?? '';
    const isText = kindOf(each) === 'text';
    const isLeftOut = given === '' && !(isText && schema.required?.includes(name));
    return isLeftOut ? [] : [[name, isText ? given : parsed(name, given)]];
  });
  return Object.fromEntries(entries);
}

function parsed(name, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: this is no JSON`);
  }
}

/** What is required, with nothing in it. */
function template(schema) {
  const blank = { string: '', integer: 0, number: 0, boolean: false, array: [], object: {} };
  const names = schema?.required ?? [];
  const value = Object.fromEntries(
    names.map((name) => [name, blank[schema.properties?.[name]?.type] ?? null]),
  );
  return JSON.stringify(value, null, 2);
}
