/*
 * What `npm start` and `npm test` have to do first, decided from what is found: no side effects here.
 */

/**
 * Why packages must be installed; undefined: they are what the lockfile wants. `lock` and `installed` are
 * package-lock.json and npm's own record of what lies in node_modules. Their contents are compared, not
 * their times: a checkout or a copy of the folder changes those. A copy may come from another kind of machine.
 */
export function reasonToInstall({ lock, installed, withDev, machine }) {
  if (installed === undefined) return 'nothing is installed yet';
  const foreign = Object.entries(installed.packages ?? {}).find(([, { os, cpu }]) => {
    return !isFor(os, machine.os) || !isFor(cpu, machine.cpu);
  });
  if (foreign !== undefined) return `${nameIn(foreign[0])} is for another kind of machine`;
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const found = installed.packages?.[path];
    if (found === undefined) {
      const mayLack = wanted.optional || wanted.devOptional || (wanted.dev && !withDev);
      if (!mayLack) return `${nameIn(path)} is missing`;
    } else if (found.version !== wanted.version || found.integrity !== wanted.integrity) {
      return `${nameIn(path)} is ${found.version}, wanted is ${wanted.version}`;
    }
  }
  return undefined;
}

/** Whether apt-get may be asked: root on Debian or one of its kind. */
export function canInstallWithApt({ isRoot, osRelease, aptGet }) {
  const kinds = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap(([, names]) =>
    names.replaceAll(/["']/g, '').split(/\s+/),
  );
  return isRoot && aptGet !== undefined && kinds.some((kind) => kind === 'debian' || kind === 'ubuntu');
}

/** As npm reads `os` and `cpu`: a list of those that suit, or, with a `!`, of those that do not. */
function isFor(wanted, found) {
  if (wanted === undefined || wanted.includes(found)) return true;
  return wanted.every((word) => word.startsWith('!')) && !wanted.includes(`!${found}`);
}

function nameIn(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
