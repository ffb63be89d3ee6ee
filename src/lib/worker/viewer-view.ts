// What a viewer reports, next to its report before: shares of the time between the two.
import type { ViewerView } from '../model/stats.ts'
import type { ViewerReport } from '../model/viewer-report.ts'
import { viewerReportIntervalMs } from '../protocol/control.ts'

/** What comes within so long was held up on the way, by a server that stood still for example, and comes all at once. */
const togetherMs = viewerReportIntervalMs / 2

/** What a viewer says, held against what it said before all that came together with it. */
export class ReportHistory {
  #before: ViewerView | undefined
  #last: ViewerView | undefined
  #togetherSinceMs = Number.NEGATIVE_INFINITY

  take(report: ViewerReport, atMs: number): ViewerView {
    if (Math.abs(atMs - this.#togetherSinceMs) >= togetherMs) {
      this.#before = this.#last
      this.#togetherSinceMs = atMs
    }
    this.#last = viewOf(report, atMs, this.#before)
    return this.#last
  }
}

/** Ratios are absent in the first report, and where a counter went back: the viewer began anew. */
export function viewOf(report: ViewerReport, atMs: number, before: ViewerView | undefined): ViewerView {
  if (!before || atMs <= before.atMs) return { ...report, atMs }
  const frozenS = since(report, before, 'totalFreezesDurationS')
  const dropped = since(report, before, 'framesDropped')
  const decoded = since(report, before, 'framesDecoded')
  const elapsedS = (atMs - before.atMs) / 1000
  return {
    ...report,
    atMs,
    // What a viewer says of a time may come a little later than the time itself.
    ...(frozenS !== undefined && { frozenRatio: Math.min(1, frozenS / elapsedS) }),
    ...(dropped !== undefined && decoded !== undefined && { droppedRatio: ratio(dropped, dropped + decoded) }),
  }
}

function since(now: ViewerReport, before: ViewerReport, field: keyof ViewerReport): number | undefined {
  const [later, earlier] = [now[field], before[field]]
  return later === undefined || earlier === undefined || later < earlier ? undefined : later - earlier
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)
