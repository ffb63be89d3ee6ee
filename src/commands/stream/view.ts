// How a stream looks while it plays: a redrawn panel on a terminal, plain lines elsewhere. Snapshots in, text out.
import asciichart from 'asciichart'
import Table from 'cli-table3'
import { plain, plainText } from '../../lib/base/plain-text.ts'
import { formatBps, formatBytes, formatDurationS } from '../../lib/base/units.ts'
import type { ViewerSnapshot } from '../../lib/client/viewer.ts'
import type { WatchResult } from '../../lib/client/watch.ts'
import { progressBar } from '../shared/progress-bar.ts'

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`

/** `2 (6.3 s)`: one that lasts is in it. */
const freezesText = ({ freezeCount, totalFreezesDurationS }: ViewerSnapshot): string =>
  freezeCount > 0 ? `${freezeCount} (${totalFreezesDurationS.toFixed(1)} s)` : '0'

/** `0:12 / 0:30  1.20 Mbps  loss 0.0 %  buffer 0.21 s  30 fps …` */
export function statsLine(now: ViewerSnapshot): string {
  const position = formatDurationS(now.mediaTimeS) + (now.durationS ? ` / ${formatDurationS(now.durationS)}` : '')
  const parts = [
    position,
    formatBps(now.bitrateBps),
    `loss ${percent(now.lossRatio)}`,
    `buffer ${now.bufferS.toFixed(2)} s`,
    `frames ${now.framesReceived}`,
    `freezes ${freezesText(now)}`,
  ]
  if (now.quality) parts.push(plainText(now.quality))
  if (now.paused) parts.push('paused')
  return parts.join('  ')
}

/** The lines of a panel that is drawn over and over; `columns` is the width of the terminal. */
export function createPanel(columns: number) {
  const bitrates: number[] = []
  return (now: ViewerSnapshot): string[] => {
    bitrates.push(now.bitrateBps / 1e3)
    if (bitrates.length > Math.max(10, Math.min(60, columns - 20))) bitrates.shift()
    const chart = asciichart.plot(bitrates, {
      height: 5,
      min: 0,
      format: (kbps) => `${kbps.toFixed(0).padStart(7)} kbps `,
    })
    const bar = now.durationS ? [progressBar(now.mediaTimeS / now.durationS, Math.min(60, columns))] : []
    return [...chart.split('\n'), ...bar, statsLine(now)].map((line) => line.slice(0, Math.max(1, columns - 1)))
  }
}

/** One line that is written over while bytes go up. */
export function uploadLine(name: string, sentBytes: number, sizeBytes: number | undefined): string {
  const share = sizeBytes ? ` ${progressBar(sentBytes / sizeBytes, 30)} ${percent(sentBytes / sizeBytes)}` : ''
  return plain`adding ${name}: ${formatBytes(sentBytes)}${share}`
}

export function endText({ reason, detail, last, recording }: WatchResult): string {
  const words = {
    ended: 'the end',
    closed: 'closed by the server',
    duration: 'stopped after the duration',
    interrupted: 'interrupted',
  }
  const first = last.firstFrameMs === undefined ? 'no frame' : `first frame after ${Math.round(last.firstFrameMs)} ms`
  const lines = [
    `${words[reason]}${detail ? plain` (${detail})` : ''}: ${first}, ${last.framesReceived} frames, freezes ${freezesText(last)}, ` +
      `${formatBytes(last.bytesReceived)}, ${last.packetsLost} of ${last.packetsReceived + last.packetsLost} packets lost`,
  ]
  if (recording) {
    const dropped = recording.dropped > 0 ? `, ${recording.dropped} left out because the disk was slow` : ''
    lines.push(plain`recorded ${recording.frames} frames to ${recording.path}${dropped}`)
  }
  return `${lines.join('\n')}\n`
}

/** What to choose from when a directory holds several playable files. */
export function choiceTable(paths: readonly string[]): string {
  const table = new Table({ head: ['', 'content'], style: { head: [], border: [] } })
  paths.forEach((path, i) => {
    table.push([String(i + 1), plainText(path)])
  })
  return `${table.toString()}\n`
}
