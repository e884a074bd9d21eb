import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type DockerIgnore from '@balena/dockerignore';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { baseFor, type Base } from './base-image.ts';
import type { Stage, Step } from './parse-dockerfile.ts';
import { runInside } from './sandbox.ts';

/** What a Dockerfile makes: files over those of the base image, and how they are run. */
export interface Image {
  readonly base: Base;
  /** The files that the last stage added. */
  readonly layer: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly volumes: readonly string[];
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: NodeJS.Signals;
}

/** The module is the function; its types say that it has a default export. */
const dockerignore = createRequire(import.meta.url)('@balena/dockerignore') as typeof DockerIgnore.default;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Build {
  /** The folder that is sent to the builder. */
  readonly context: string;
  /** Empty; takes all that is made. */
  readonly folder: string;
  readonly stages: readonly Stage[];
  /** Told of each step when it is done. */
  readonly done: (step: Step, tookMs: number) => void;
}

const stepDeadlineMs = 900_000;

/** Takes the steps of all stages in order and gives what the last one made. */
export async function buildImage(build: Build): Promise<Image> {
  const built = new Map<string, Image>();
  const context = contextFiles(build.context);
  let last: Image | undefined;
  for (const [index, stage] of build.stages.entries()) {
    const folder = (name: string) => made(join(build.folder, `stage-${index}`, name));
    const image = emptyImage(baseFor(stage.base, folder), folder('layer'));
    for (const step of stage.steps) {
      const startedAt = performance.now();
      if (step.kind === 'run') await run(image, step.command, folder);
      else if (step.kind === 'copy')
        copy(step, image, step.from === undefined ? context : layerOf(built, step));
      else settle(image, step);
      build.done(step, performance.now() - startedAt);
    }
    if (stage.name !== undefined) built.set(stage.name, image);
    last = image;
  }
  if (last === undefined) throw new StartProblem('The Dockerfile has no stage.');
  return last;
}

function emptyImage(base: Base, layer: string): Mutable<Image> {
  base.prepare(layer);
  const nothing = { volumes: [], entrypoint: [], healthcheck: [] };
  return { base, layer, env: base.env, workdir: '/', user: '0:0', stopSignal: 'SIGTERM', ...nothing };
}

async function run(image: Image, command: string, folder: (name: string) => string): Promise<void> {
  const writable = { layer: image.layer, scratch: folder('scratch') };
  const root = { mountPoint: folder('root'), layers: [image.base.folder], writable };
  const { workdir, env, user } = image;
  await runInside(root, { command: ['/bin/sh', '-c', command], workdir, env, user }, stepDeadlineMs);
}

function settle(image: Mutable<Image>, step: Step): void {
  if (step.kind === 'workdir') {
    image.workdir = resolve(image.workdir, step.path);
    mkdirSync(join(image.layer, image.workdir), { recursive: true });
  } else if (step.kind === 'env') image.env = { ...image.env, ...step.values };
  else if (step.kind === 'user') image.user = step.user;
  else if (step.kind === 'volume') image.volumes = step.paths;
  else if (step.kind === 'stopsignal') image.stopSignal = step.signal;
  else if (step.kind === 'entrypoint') image.entrypoint = step.command;
  else if (step.kind === 'healthcheck') image.healthcheck = step.command;
}

interface Source {
  readonly folder: string;
  /** Whether that path, and all below it, may be copied. */
  readonly offers: (path: string) => boolean;
}

function layerOf(built: ReadonlyMap<string, Image>, { from, line }: Step & { kind: 'copy' }): Source {
  const stage = built.get(from ?? '');
  if (stage === undefined)
    throw new StartProblem(`Dockerfile, line ${line}: there is no stage ${from ?? ''}.`);
  return { folder: stage.layer, offers: () => true };
}

/** The context without what .dockerignore keeps out of it. */
function contextFiles(folder: string): Source {
  const ignored = dockerignore().add(readFileSync(join(folder, '.dockerignore'), 'utf8'));
  return { folder, offers: (path) => !ignored.ignores(path) };
}

/** Copies as Docker does: of a folder what is in it, of a file the file. */
function copy(step: Step & { kind: 'copy' }, image: Image, source: Source): void {
  const target = join(image.layer, resolve(image.workdir, step.target));
  const intoFolder = step.sources.length > 1 || /(^|\/)\.?$/.test(step.target);
  for (const path of step.sources) {
    const from = join(source.folder, path);
    if (!existsSync(from) || (lstatSync(from).isFile() && !source.offers(path))) {
      throw new StartProblem(`Dockerfile, line ${step.line}: ${path} is not in what it is copied from.`);
    }
    if (lstatSync(from).isDirectory()) copyFolder(from, target, source);
    else copyFile(from, intoFolder ? join(target, basename(path)) : target);
  }
  execFileSync('chown', ['--recursive', '--no-dereference', step.owner, target]);
}

function copyFolder(from: string, target: string, { folder, offers }: Source): void {
  mkdirSync(target, { recursive: true });
  for (const file of filesIn(from)) {
    if (offers(relative(folder, file))) copyFile(file, join(target, relative(from, file)));
  }
}

/** Not by `recursive`: newer versions of Node then walk through links, and what those lead to is copied by itself. */
function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

function copyFile(from: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), target);
  else copyFileSync(from, target);
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
