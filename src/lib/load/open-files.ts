// More viewers than a process may have files open would fail one after the other: said before anything begins.

import { McpxError } from '../base/errors.ts'
import { maxOpenFiles } from '../base/host.ts'

/** A viewer has a socket for media and, while it joins, one for HTTP. */
const filesPerViewer = 2
/** Of the program itself. */
const ownFiles = 64

/** Throws TOO_MANY_FILES with what would do. `processes`: 0 where the viewers are in this one. */
export function checkOpenFiles(viewers: number, processes: number, limit = maxOpenFiles()): void {
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return
  const each = Math.max(1, Math.floor((limit - ownFiles) / filesPerViewer))
  if (Math.ceil(viewers / Math.max(1, processes)) <= each) return
  const where = processes > 0 ? `${processes} processes` : 'one process'
  throw new McpxError('TOO_MANY_FILES', `${viewers} viewers in ${where} need more open files than ${limit} each`, {
    hint: `Say --processes ${Math.ceil(viewers / each)}, or raise the limit with ulimit -n.`,
  })
}
