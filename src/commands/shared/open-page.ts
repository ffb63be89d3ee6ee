// Pages in the person's own browser: --open-browser and --open.
import type { Io } from '../../lib/base/io.ts'

/** Asks the system for a browser; without one it is a warning, for the address has been printed. */
export async function openPage(url: string, io: Pick<Io, 'err'>): Promise<void> {
  const { openUrl } = await import('../../lib/base/open-url.ts')
  if (!(await openUrl(url))) io.err('warning: no browser could be opened\n')
}
