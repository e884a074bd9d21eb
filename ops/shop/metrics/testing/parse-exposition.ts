export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** By the name of the family. */
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string }>;
  readonly samples: readonly Sample[];
}

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf|NaN)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** @throws Error at the first line that Prometheus would not take, and where the samples of a family do not stand together */
export function parseExposition(text: string): Exposition {
  const families = new Map<string, { type: string; help: string }>();
  const samples: Sample[] = [];
  let help: readonly [name: string, text: string] | undefined;
  let current = '';
  for (const each of text.split('\n')) {
    if (each === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(each) ?? [];
    if (kind === 'HELP') help = [name, rest];
    else if (kind === 'TYPE') {
      if (help?.[0] !== name || families.has(name)) throw new Error(`no help of its own: ${each}`);
      families.set(name, { type: rest, help: help[1] });
      current = name;
    } else samples.push(sampleOf(each, current));
  }
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  return { families, samples };
}

function sampleOf(text: string, family: string): Sample {
  const [, name = '', labels = '', value = ''] = line.exec(text) ?? [];
  const suffix = name.slice(family.length);
  if (!name.startsWith(family) || !['', '_bucket', '_sum', '_count'].includes(suffix)) {
    throw new Error(`no sample of ${family}: ${text}`);
  }
  return { name, labels: labelsOf(labels), value: Number(value.replace('+Inf', 'Infinity')) };
}

function labelsOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, name = '', value = ''] = label.exec(text) ?? [];
    if (name === '' || name in found) throw new Error(`no labels: ${text}`);
    found[name] = value;
  }
  return found;
}
