interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly integrity?: string;
        readonly optional?: boolean;
        readonly devOptional?: boolean;
        readonly dev?: boolean;
        readonly os?: readonly string[];
        readonly cpu?: readonly string[];
      }
    >
  >;
}

export function reasonToInstall(found: {
  readonly lock: Lockfile;
  readonly installed: Lockfile | undefined;
  readonly withDev: boolean;
  readonly machine: { readonly os: string; readonly cpu: string };
}): string | undefined;

export function canInstallWithApt(found: {
  readonly isRoot: boolean;
  readonly osRelease: string;
  readonly aptGet: string | undefined;
}): boolean;
