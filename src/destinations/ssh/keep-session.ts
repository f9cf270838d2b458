import type { SftpSession } from './session.ts';

/** One session for all operations. */
interface SessionKeeper {
  /** The session, opened when there is none or the last one was lost. */
  readonly open: () => Promise<SftpSession>;
  /** Closes what is open. */
  readonly close: () => Promise<void>;
}

/** Keeps one session for all operations, however many ask for it at once. */
export function keepSession(start: () => Promise<SftpSession>): SessionKeeper {
  let current: { readonly session: Promise<SftpSession>; isUsable(): boolean } | undefined;
  const begin = (): NonNullable<typeof current> => {
    const attempt = { session: start(), isUsable: () => true };
    const follow = async (): Promise<void> => {
      try {
        const session = await attempt.session;
        attempt.isUsable = () => session.isOpen();
      } catch {
        attempt.isUsable = () => false; // the caller that asked for it gets the error
      }
    };
    void follow();
    return attempt;
  };
  return {
    open() {
      if (!current?.isUsable()) current = begin();
      return current.session;
    },
    async close() {
      const last = await current?.session.catch(() => undefined);
      current = undefined;
      await last?.[Symbol.asyncDispose]();
    },
  };
}
