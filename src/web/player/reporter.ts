// Tells the server every two seconds what the browser measured: only the viewer knows what it saw.
import { type Command, type ServerNote, type ViewerReport, viewerReportIntervalMs } from '../../lib/protocol/control.ts'
import type { Freezes } from '../../lib/protocol/freezes.ts'
import { Stillness } from '../../lib/protocol/stillness.ts'
import { FreezeLedger } from './freeze-ledger.ts'
import { reportOf } from './report.ts'
import { type Sample, type StatsEntry, takeSample } from './stats.ts'

interface ReporterOptions {
  readonly peer: Pick<RTCPeerConnection, 'getStats'>
  /** Milliseconds from the request to the first frame on the screen; undefined before. */
  firstFrameMs(): number | undefined
  send(report: ViewerReport): void
}

/** What was measured so far. */
export interface Measured {
  readonly sample: Sample
  readonly freezes: Freezes
}

export interface Reporter {
  /** What the viewer asks for: a picture that stands still because of it is not frozen. */
  command(command: Command): void
  note(note: ServerNote): void
  shown(rtpTimestamp: number | undefined): void
  look(): Promise<Measured>
  stop(): void
}

export function startReporter({ peer, firstFrameMs, send }: ReporterOptions): Reporter {
  const stillness = new Stillness()
  const ledger = new FreezeLedger(stillness)
  let before: Sample | undefined

  async function look(): Promise<Measured> {
    const entries: StatsEntry[] = []
    const stats = await peer.getStats().catch(() => undefined)
    stats?.forEach((entry) => {
      entries.push(entry)
    })
    const sample = takeSample(entries, performance.now())
    return { sample, freezes: ledger.add(sample) }
  }

  async function report(): Promise<void> {
    const { sample, freezes } = await look()
    send(reportOf(sample, before, freezes, firstFrameMs()))
    before = sample
  }

  const timer = setInterval(() => void report(), viewerReportIntervalMs)
  return {
    command: (command) => stillness.command(command, performance.now()),
    note: (note) => stillness.note(note, performance.now()),
    shown: (rtpTimestamp) => stillness.shown(performance.now(), rtpTimestamp),
    look,
    stop: () => clearInterval(timer),
  }
}
