/*
 * The page of statecharts. What it shows is in its address (machine, version, run, step), so an address can be sent to
 * a colleague. It only reads.
 */

import {
  bringIntoView,
  clearPath,
  duration,
  lightPath,
  pictureOf,
  showCounts,
  wordsOf,
} from './chart-view.js';

const $ = (id) => document.getElementById(id);
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
  view.svg = pictureOf(text);
  $('picture').replaceChildren(view.svg);
  showLive();
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
    showLive();
  };
  view.stream.onerror = () => ($('live').textContent = 'not live: the server does not answer');
}

function showLive() {
  if (view.svg === undefined || view.counts === undefined) return;
  showCounts(view.svg, view.counts);
  const total = $('state').querySelector('.total');
  if (total !== null) total.textContent = countOf(asked().get('state'));
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

const words = (transition) => wordsOf(view.chart, transition);

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
  if (view.path === undefined) return clearPath(view.svg);
  const group = lightPath(view.svg, view.chart, view.path.steps.slice(0, view.step + 1));
  if (group !== null) bringIntoView($('picture'), group);
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
