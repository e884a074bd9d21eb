import { chromium, type Browser } from 'playwright-core';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { searchPath } from './test-servers.ts';

const browserPrograms = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A browser without a window. Its program is one of this machine. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findProgram(browserPrograms, searchPath);
  if (executablePath === undefined)
    throw new Error(
      `no browser on the PATH: these tests need one of ${browserPrograms.join(', ')} (apt-get install chromium)`,
    );
  // Its own sandbox wants rights that containers and root do not give.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
