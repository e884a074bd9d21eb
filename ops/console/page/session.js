import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import { act, ask, keepToken, signedOut } from './api.js';

/** Who uses the page, and whether it may write. */
const SessionContext = createContext(undefined);
export const SessionProvider = SessionContext.Provider;
export const useSession = () => useContext(SessionContext);

export function useNewSession() {
  const [state, set] = useState({ status: 'asking' });
  const take = useCallback((session) => {
    keepToken(session.csrfToken);
    set({ status: 'in', ...session, writesUntil: performance.now() + (session.writesForMs ?? 0) });
  }, []);
  const look = useCallback(
    () =>
      ask('session').then(take, (error) =>
        set(error.status === 401 ? { status: 'out' } : { status: 'away', error }),
      ),
    [take],
  );
  useEffect(() => {
    const leave = () => set({ status: 'out' });
    signedOut.addEventListener('signed-out', leave);
    void look();
    return () => signedOut.removeEventListener('signed-out', leave);
  }, []);
  return {
    ...state,
    look,
    signIn: async (name, password) => take(await act('sign-in', { name, password })),
    signOut: () => act('sign-out').finally(() => set({ status: 'out' })),
    setWriteMode: async (on) => take(await act('write-mode', { on })),
  };
}

/** How long write mode lasts yet, in milliseconds, told every second. */
export function useWritesForMs() {
  const session = useSession();
  const left = () => Math.max(0, (session.writesUntil ?? 0) - performance.now());
  const [ms, set] = useState(left);
  useEffect(() => {
    set(left());
    if (left() === 0) return undefined;
    const timer = setInterval(() => {
      set(left());
      if (left() === 0) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [session.writesUntil]);
  return ms;
}
