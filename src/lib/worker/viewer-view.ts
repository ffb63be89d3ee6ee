// What a viewer reports, next to its report before: shares of the time between the two.
import type { ViewerView } from '../model/stats.ts'
import type { ViewerReport } from '../model/viewer-report.ts'

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
    // A freeze is counted when it ends, so that it may be longer than the time since the last report.
    ...(frozenS !== undefined && { frozenRatio: Math.min(1, frozenS / elapsedS) }),
    ...(dropped !== undefined && decoded !== undefined && { droppedRatio: ratio(dropped, dropped + decoded) }),
  }
}

function since(now: ViewerReport, before: ViewerReport, field: keyof ViewerReport): number | undefined {
  const [later, earlier] = [now[field], before[field]]
  return later === undefined || earlier === undefined || later < earlier ? undefined : later - earlier
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)
