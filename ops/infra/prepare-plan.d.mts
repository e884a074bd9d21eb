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
      }
    >
  >;
}

export function reasonToInstall(found: {
  readonly lock: Lockfile;
  readonly installed: Lockfile | undefined;
  readonly withDev: boolean;
}): string | undefined;

export function canInstallWithApt(found: {
  readonly isRoot: boolean;
  readonly osRelease: string;
  readonly aptGet: string | undefined;
}): boolean;
