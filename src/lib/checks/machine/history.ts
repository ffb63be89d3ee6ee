// The history: it opens, it is written, and what is too old goes.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../../base/units.ts'
import { defineCheck } from '../check.ts'

/** Workers say how they are every few seconds. */
const mostSilentMs = 60_000
const dayMs = 86_400_000
/** Retention runs every hour, and of today nothing is removed. */
const slack = 1.2

export const historyCheck = defineCheck({
  name: 'history',
  group: 'machine',
  title: 'History',
  about: 'The history opens, when it was last written, and that no more is kept than was asked for',
  where: 'server',
  needs: ['inside'],
  deadlineS: 10,
  troubles: {
    'not-written': {
      cause:
        'The thread of the history has ended, or its disk takes nothing: what happens now will not be in any report.',
      fix: 'Look for "history" in the log of the server, free space on the disk of the repo, and restart it.',
    },
    problems: {
      cause: 'A file of the history was damaged, or cannot be written; what could not be read was set aside.',
      fix: 'Look for "history" in the log of the server; files that end in .damaged can be removed.',
    },
    retention: {
      cause:
        'More is kept than --history-days and --history-size say: files that mcpx may not remove, or that were put there.',
      fix: 'Look at the owner of the files in <repo>/history, and remove those that are too old.',
    },
  },
  async run({ inside, clock }) {
    const { history, startedAtMs } = inside!
    if (!history) return { status: 'skipped', detail: 'off with --disable-webrtc-monitor' }
    const nowMs = clock.wallMs()
    const { rows, damaged } = await history.read('workers', { fromMs: nowMs - 2 * mostSilentMs, toMs: nowMs + 1 })
    const wrong = [...history.problems(), ...damaged]
    if (wrong.length > 0) return { status: 'warn', detail: wrong.join('; ').slice(0, 300), trouble: 'problems' }
    const lastMs = rows.reduce((last, row) => Math.max(last, Number(row.at_ms) || 0), 0)
    const silentMs = nowMs - Math.max(lastMs, startedAtMs)
    const kept = await sizeOf(history.folder)
    const oldestDays = kept.oldestMs === undefined ? 0 : Math.floor((nowMs - kept.oldestMs) / dayMs)
    const values = {
      bytes: kept.bytes,
      days: kept.days,
      oldestDays,
      ...(lastMs > 0 && { lastWriteAgeMs: nowMs - lastMs }),
    }
    if (silentMs > mostSilentMs)
      return {
        status: 'fail',
        detail: `nothing was written for ${Math.round(silentMs / 1000)} s`,
        trouble: 'not-written',
        values,
      }
    const size = `${kept.days} ${kept.days === 1 ? 'day' : 'days'}, ${formatBytes(kept.bytes)}`
    if (oldestDays > history.maxAgeDays + 1 || (kept.days > 1 && kept.bytes > history.maxBytes * slack))
      return { status: 'warn', detail: `${size}, the oldest ${oldestDays} days ago`, trouble: 'retention', values }
    const written = lastMs > 0 ? `written ${((nowMs - lastMs) / 1000).toFixed(0)} s ago` : 'the server has just started'
    return { status: 'pass', detail: `${size}, ${written}`, values }
  },
})

/** What the day files weigh. */
async function sizeOf(folder: string): Promise<{ bytes: number; days: number; oldestMs?: number }> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d{4}-\d\d-\d\d\.db/.test(name))
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  const days = [...new Set(names.map((name) => name.slice(0, 10)))].sort()
  const oldestMs = days[0] === undefined ? undefined : Date.parse(days[0])
  return {
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    days: days.length,
    ...(oldestMs !== undefined && { oldestMs }),
  }
}
