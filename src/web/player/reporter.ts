// Tells the server every two seconds what the browser measured: only the viewer knows what it saw.
import { type ViewerReport, viewerReportIntervalMs } from '../../lib/protocol/control.ts'
import { createFreezeLedger } from './freeze-ledger.ts'
import { reportOf } from './report.ts'
import { type Sample, type StatsEntry, takeSample } from './stats.ts'

interface ReporterOptions {
  readonly peer: Pick<RTCPeerConnection, 'getStats'>
  /** Milliseconds from the request to the first frame on the screen; undefined before. */
  firstFrameMs(): number | undefined
  /** Whether the viewer wants the picture to stand still, or waits for a seek. */
  isInterrupted(): boolean
  send(report: ViewerReport): void
}

export interface Reporter {
  /** The viewer paused, went on, or went elsewhere. */
  interrupt(): void
  stop(): void
}

export function startReporter({ peer, firstFrameMs, isInterrupted, send }: ReporterOptions): Reporter {
  const ledger = createFreezeLedger()
  let before: Sample | undefined

  async function report(): Promise<void> {
    const entries: StatsEntry[] = []
    const stats = await peer.getStats().catch(() => undefined)
    stats?.forEach((entry) => {
      entries.push(entry)
    })
    const now = takeSample(entries, performance.now())
    send(reportOf(now, before, ledger.add(now, isInterrupted()), firstFrameMs()))
    before = now
  }

  const timer = setInterval(() => void report(), viewerReportIntervalMs)
  return { interrupt: ledger.interrupt, stop: () => clearInterval(timer) }
}
