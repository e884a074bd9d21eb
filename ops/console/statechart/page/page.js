/*
 * The page of statecharts. What it shows is in its address (machine, version, run, step), so an address can be sent to
 * a colleague. It only reads.
 */

const $ = (id) => document.getElementById(id);
const svgNamespace = 'http://www.w3.org/2000/svg';
const view = {
  charts: [],
  chart: undefined,
  svg: undefined,
  counts: undefined,
  path: undefined,
  step: 0,
  stream: undefined,
};

const asked = () => new URLSearchParams(location.search);

function remember(changes) {
  const params = asked();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) params.delete(name);
    else params.set(name, value);
  }
  history.replaceState(null, '', `?${params}`);
}

async function get(name, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== undefined));
  const response = await fetch(`api/${name}?${query}`);
  if (response.ok) return response;
  const { error = `The server says ${response.status}.` } = await response.json().catch(() => ({}));
  throw new Error(error);
}

/** What goes wrong is said where one looks, and nothing else changes. */
async function saying(work) {
  $('problem').textContent = '';
  try {
    await work();
  } catch (error) {
    $('problem').textContent = error.message;
  }
}

function element(name, { text, ...properties } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const ofChart = () => ({ machine: view.chart.id, version: view.chart.version });

async function showChart(id, version) {
  view.chart = await (await get('chart', { machine: id, version })).json();
  remember({ machine: id, version });
  document.title = `${id} · Statecharts`;
  await draw();
  listen();
}

async function draw() {
  const options = {
    actions: $('actions').checked ? undefined : 'no',
    direction: $('left-right').checked ? 'left-right' : undefined,
  };
  const text = await (await get('picture.svg', { ...ofChart(), ...options })).text();
  // The page has the same style sheet, and its policy lets none run that stands in a document.
  const bare = text.replace(/<style>[^<]*<\/style>/, '');
  const parsed = new DOMParser().parseFromString(bare, 'image/svg+xml').documentElement;
  view.svg = document.importNode(parsed, true);
  view.svg.setAttribute('role', 'group');
  for (const group of view.svg.querySelectorAll('.state')) {
    group.setAttribute('tabindex', '0');
    group.setAttribute('role', 'button');
    group.setAttribute('aria-label', group.dataset.state);
  }
  $('picture').replaceChildren(view.svg);
  showCounts();
  lightUp();
}

function listen() {
  view.stream?.close();
  view.counts = undefined;
  if (!view.has.counts) return;
  const query = new URLSearchParams(Object.entries(ofChart()).filter(([, value]) => value !== undefined));
  view.stream = new EventSource(`api/counts?${query}`);
  view.stream.onmessage = ({ data }) => {
    view.counts = JSON.parse(data);
    $('live').textContent = 'live';
    showCounts();
  };
  view.stream.onerror = () => ($('live').textContent = 'not live: the server does not answer');
}

function svgElement(name, attributes, text) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function showCounts() {
  if (view.svg === undefined || view.counts === undefined) return;
  view.svg.querySelectorAll('.count, .flow').forEach((old) => old.remove());
  for (const [id, count] of Object.entries(view.counts.states ?? {})) {
    const group = view.svg.querySelector(`[data-state="${CSS.escape(id)}"]`);
    if (group === null || count === 0) continue;
    const text = count.toLocaleString();
    const { x, y, width } = group.querySelector('.outline').getBBox();
    const wide = text.length * 6.5 + 8;
    const badge = svgElement('g', { class: 'count' });
    badge.append(
      svgElement('rect', { x: x + width - wide + 6, y: y - 8, width: wide, height: 16, rx: 8 }),
      svgElement('text', { x: x + width - wide / 2 + 6, y: y + 4, 'text-anchor': 'middle' }, text),
    );
    group.append(badge);
    group.setAttribute('aria-label', `${id}: ${text}`);
  }
  for (const [id, count] of Object.entries(view.counts.transitions ?? {})) {
    const words = view.svg.querySelector(`.transition[data-transition="${CSS.escape(id)}"] text`);
    if (words !== null && count > 0)
      words.append(svgElement('tspan', { class: 'flow' }, ` ×${count.toLocaleString()}`));
  }
  const chosen = asked().get('state');
  const total = $('state').querySelector('.total');
  if (total !== null) total.textContent = countOf(chosen);
}

function countOf(id) {
  const count = view.counts?.states?.[id] ?? 0;
  return view.counts === undefined ? '' : `${count.toLocaleString()} now`;
}

async function choose(id) {
  const state = view.chart.states.find((each) => each.id === id);
  if (state === undefined) return;
  remember({ state: id });
  view.svg.querySelectorAll('.chosen').forEach((old) => old.classList.remove('chosen'));
  view.svg.querySelector(`[data-state="${CSS.escape(id)}"]`)?.classList.add('chosen');
  const leaving = view.chart.transitions.filter(({ source }) => source === id);
  $('state').replaceChildren(
    element('h2', { text: id }),
    element('p', { class: 'faint', text: [state.type, ...state.tags].join(', ') }),
    ...(state.description === undefined ? [] : [element('p', { text: state.description })]),
    element('p', { class: 'total', text: countOf(id) }),
    element('ul', {}, ...leaving.map((each) => element('li', { text: words(each) }))),
  );
  if (!view.has.runs) return;
  const runs = await (await get('runs', { ...ofChart(), state: id })).json();
  const list = runs.map((run) => {
    const since = run.since === undefined ? '' : new Date(run.since).toLocaleString();
    const button = element(
      'button',
      {},
      element('span', { text: run.id }),
      element('span', { class: 'faint', text: run.note ?? since }),
    );
    button.onclick = () => saying(() => showPath(run.id));
    return element('li', {}, button);
  });
  const none = element('p', { class: 'faint', text: 'Nothing is here now.' });
  $('state').append(list.length === 0 ? none : element('ul', {}, ...list));
}

function words({ label, guard, targets }) {
  const keys = targets.map((id) => view.chart.states.find((state) => state.id === id)?.key ?? id);
  return [label, guard === undefined ? '' : `[${guard}]`, keys.length === 0 ? '' : `→ ${keys.join(', ')}`]
    .join(' ')
    .trim();
}

async function showPath(run, step) {
  const path = await (await get('path', { ...ofChart(), run })).json();
  view.path = path;
  $('run').value = run;
  $('run-name').textContent = run;
  $('path').hidden = false;
  $('steps').replaceChildren(
    ...path.steps.map(({ index, event, durationMs, problems }) => {
      const name = element('span', {
        text: `${index}. ${event ?? 'begins'}`,
        ...(problems.length === 0 ? {} : { class: 'wrong' }),
      });
      const button = element(
        'button',
        {},
        name,
        element('span', { class: 'faint', text: duration(durationMs) }),
      );
      button.onclick = () => goTo(index);
      return element('li', {}, button);
    }),
  );
  remember({ run });
  goTo(step ?? path.steps.length - 1);
}

function duration(ms) {
  if (ms === undefined) return '';
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

function goTo(index) {
  if (view.path === undefined) return;
  view.step = Math.min(Math.max(index, 0), view.path.steps.length - 1);
  const step = view.path.steps[view.step];
  remember({ step: view.step });
  $('place').textContent = `${view.step + 1} of ${view.path.steps.length}`;
  $('back').disabled = $('first').disabled = view.step === 0;
  $('forth').disabled = $('last').disabled = view.step === view.path.steps.length - 1;
  [...$('steps').children].forEach(({ firstChild }, place) =>
    firstChild.setAttribute('aria-current', place === view.step),
  );
  $('steps').children[view.step]?.scrollIntoView({ block: 'nearest' });
  const details = [];
  if (step !== undefined) {
    const at = step.at === undefined ? '' : new Date(step.at).toISOString();
    details.push(
      element('p', {
        class: 'faint',
        text: [step.event ?? 'begins', at, duration(step.durationMs)].filter(Boolean).join(' · '),
      }),
    );
    for (const id of step.transitions) {
      const transition = view.chart.transitions.find((each) => each.id === id);
      if (transition !== undefined) details.push(element('p', { text: words(transition) }));
    }
    if (step.alternatives.length > 0)
      details.push(
        element('p', {
          class: 'faint',
          text: `or one of ${step.alternatives.length} other ways: guards are not recorded`,
        }),
      );
    for (const problem of step.problems) details.push(element('p', { class: 'wrong', text: problem }));
    if (step.context !== undefined)
      details.push(element('pre', { tabindex: '0', text: JSON.stringify(step.context, null, 2) }));
  }
  $('step').replaceChildren(...details);
  lightUp();
}

function lightUp() {
  if (view.svg === undefined) return;
  for (const name of ['active', 'visited', 'taken'])
    view.svg.querySelectorAll(`.${name}`).forEach((old) => old.classList.remove(name));
  if (view.path === undefined) return;
  const light = (attribute, ids, name) => {
    for (const id of ids)
      view.svg
        .querySelectorAll(`[${attribute}="${CSS.escape(id)}"]`)
        .forEach((each) => each.classList.add(name));
  };
  const until = view.path.steps.slice(0, view.step + 1);
  light(
    'data-state',
    until.flatMap(({ active }) => active),
    'visited',
  );
  const now = until.at(-1);
  const inner = (now?.active ?? []).filter(
    (id) => !view.chart.states.some(({ id: child, parent }) => parent === id && now.active.includes(child)),
  );
  light('data-state', inner, 'active');
  const group = view.svg.querySelector('.active');
  if (group !== null) bringIntoView(group);
  light(
    'data-transition',
    until.flatMap(({ transitions }) => transitions),
    'taken',
  );
}

/** In the middle of what can be seen of the picture, and nothing but the picture moves. */
function bringIntoView(group) {
  const frame = $('picture').getBoundingClientRect();
  const box = group.getBoundingClientRect();
  $('picture').scrollBy(
    box.x + box.width / 2 - frame.x - frame.width / 2,
    box.y + box.height / 2 - frame.y - frame.height / 2,
  );
}

function closePath() {
  view.path = undefined;
  $('path').hidden = true;
  remember({ run: undefined, step: undefined });
  lightUp();
}

$('picture').addEventListener('click', ({ target }) => {
  const id = target.closest('[data-state]')?.dataset.state;
  if (id !== undefined) saying(() => choose(id));
});
document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (target.matches('input, select, button') && key !== 'Escape') return;
  const chosen = target.closest?.('[data-state]')?.dataset.state;
  const keys = {
    ArrowLeft: () => goTo(view.step - 1),
    ArrowRight: () => goTo(view.step + 1),
    Home: () => goTo(0),
    End: () => goTo(Infinity),
    Escape: closePath,
  };
  if ((key === 'Enter' || key === ' ') && chosen !== undefined) saying(() => choose(chosen));
  else if (view.path !== undefined && key in keys) keys[key]();
  else return;
  event.preventDefault();
});
for (const [id, index] of Object.entries({
  first: () => 0,
  back: () => view.step - 1,
  forth: () => view.step + 1,
  last: () => Infinity,
}))
  $(id).onclick = () => goTo(index());
$('close').onclick = closePath;
$('open-run').onsubmit = (event) => {
  event.preventDefault();
  saying(() => showPath($('run').value.trim()));
};
$('fit').onchange = () => $('picture').classList.toggle('fit', $('fit').checked);
$('actions').onchange = $('left-right').onchange = () => saying(draw);
$('machine').onchange = () => {
  const { id, version } = view.charts[$('machine').selectedIndex];
  closePath();
  saying(() => showChart(id, version));
};

await saying(async () => {
  const { charts, ...has } = await (await get('charts')).json();
  Object.assign(view, { charts, has });
  $('open-run').hidden = !has.history;
  // As wide as a telephone nobody could read it: there it is scrolled.
  $('fit').checked = innerWidth > 768;
  $('picture').classList.toggle('fit', $('fit').checked);
  $('machine').replaceChildren(
    ...charts.map(({ id, version }) =>
      element('option', { text: version === undefined ? id : `${id}, version ${version}` }),
    ),
  );
  const params = asked();
  const index = charts.findIndex(
    ({ id, version }) => id === params.get('machine') && (version ?? null) === params.get('version'),
  );
  const chart = charts[Math.max(index, 0)];
  if (chart === undefined) throw new Error('There is no machine to show.');
  $('machine').selectedIndex = Math.max(index, 0);
  await showChart(chart.id, chart.version);
  if (params.has('state')) await choose(params.get('state'));
  if (params.has('run') && has.history)
    await showPath(params.get('run'), Number(params.get('step') ?? Infinity));
});
