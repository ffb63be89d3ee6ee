// The statistics overlay and the list of keys.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Freezes } from '../../lib/protocol/freezes.ts'
import { formatBitrate } from '../shared/format.ts'
import { Icon } from '../shared/icons.tsx'
import type { Session } from './session.ts'
import { type Reading, readingOf, type Sample } from './stats.ts'

const intervalMs = 1_000
const historyLength = 60

type Shown = Reading & Freezes

/** Reads the statistics of whatever connection is current, once a second. */
function useReadings(session: Session): { reading: Shown | undefined; bitrates: readonly number[] } {
  const [reading, setReading] = useState<Shown | undefined>()
  const bitrates = useRef<number[]>([])
  useEffect(() => {
    let before: Sample | undefined
    let isStopped = false
    const look = async () => {
      const measured = await session.look()
      if (!measured || isStopped) return
      const next = readingOf(measured.sample, before)
      before = measured.sample
      if (next.bitrateBps !== undefined) bitrates.current = [...bitrates.current, next.bitrateBps].slice(-historyLength)
      setReading({ ...next, ...measured.freezes })
    }
    void look()
    const timer = setInterval(() => void look(), intervalMs)
    return () => {
      isStopped = true
      clearInterval(timer)
    }
  }, [session])
  return { reading, bitrates: bitrates.current }
}

function Sparkline({ values }: { values: readonly number[] }) {
  if (values.length < 2) return null
  const top = Math.max(...values, 1)
  const x = (i: number) => ((i + historyLength - values.length) / (historyLength - 1)) * 240
  const line = values.map((value, i) => `${x(i).toFixed(1)},${(35 - (value / top) * 32).toFixed(1)}`)
  return (
    <svg class="sparkline" viewBox="0 0 240 36" role="img" aria-label="Bitrate of the last minute">
      <polygon points={`${x(0).toFixed(1)},36 ${line.join(' ')} 240,36`} />
      <polyline points={line.join(' ')} />
    </svg>
  )
}

const ms = (value: number | undefined) =>
  value === undefined ? undefined : `${value.toFixed(value < 9.95 ? 1 : 0)} ms`

const freezesText = ({ freezeCount, totalFreezesDurationS }: Freezes) =>
  freezeCount > 0 ? `${freezeCount} (${totalFreezesDurationS.toFixed(1)} s)` : '0'

function rowsOf(reading: Shown, firstFrameMs: number | undefined): (readonly [string, string | undefined, boolean?])[] {
  const { width, height, framesPerSecond, lossRatio } = reading
  const loss = lossRatio === undefined ? '' : ` (${(lossRatio * 100).toFixed(1)} %)`
  return [
    ['Bitrate', reading.bitrateBps === undefined ? undefined : formatBitrate(reading.bitrateBps)],
    ['Resolution', width && height ? `${width} × ${height}` : undefined],
    ['Frame rate', width && framesPerSecond !== undefined ? `${framesPerSecond.toFixed(1)} fps` : undefined],
    ['Codec', reading.codecs || undefined],
    ['Packets lost', `${reading.packetsLost}${loss}`, (lossRatio ?? 0) > 0.02],
    ['Jitter', ms(reading.jitterMs)],
    ['Round trip', ms(reading.roundTripMs)],
    ['Freezes', freezesText(reading), reading.freezeCount > 0],
    ['Frames dropped', `${reading.framesDropped} of ${reading.framesDecoded + reading.framesDropped}`],
    ['Jitter buffer', ms(reading.jitterBufferMs)],
    ['First frame', ms(firstFrameMs)],
    ['Path', reading.path],
  ]
}

interface StatsProps {
  readonly session: Session
  onClose(): void
}

export function StatsPanel({ session, onClose }: StatsProps) {
  const { reading, bitrates } = useReadings(session)
  const { streamId } = session.state
  return (
    <aside class="side surface" aria-label="Statistics">
      <PanelHead title="Statistics" onClose={onClose} />
      <Sparkline values={bitrates} />
      <dl>
        {reading &&
          rowsOf(reading, session.firstFrameMs).map(([name, value, isBad]) => (
            <div key={name} class={isBad ? 'bad' : ''}>
              <dt>{name}</dt>
              <dd>{value ?? '–'}</dd>
            </div>
          ))}
        {streamId && (
          <div>
            <dt>Stream</dt>
            <dd class="clip" title={streamId}>
              {streamId}
            </dd>
          </div>
        )}
      </dl>
      {!reading && <p class="quiet">No connection.</p>}
    </aside>
  )
}

const keys: readonly (readonly [string, string])[] = [
  ['Space, K', 'Play or pause'],
  ['← →', 'Back or on by 5 seconds'],
  ['0 – 9', 'Go to a tenth of the length'],
  ['↑ ↓', 'Volume'],
  ['M', 'Mute'],
  ['F', 'Full screen'],
  ['P', 'Picture in picture'],
  ['L', 'Loop'],
  ['I', 'Statistics'],
  ['?', 'These keys'],
]

export function HelpPanel({ onClose }: { onClose: () => void }) {
  return (
    <aside class="side surface" aria-label="Keyboard">
      <PanelHead title="Keyboard" onClose={onClose} />
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>{what}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  )
}

function PanelHead({ title, onClose }: { title: string; onClose: () => void }) {
  return (
    <header>
      <h2>{title}</h2>
      <button type="button" class="icon-button small" aria-label={`Close ${title.toLowerCase()}`} onClick={onClose}>
        <Icon name="close" size={18} />
      </button>
    </header>
  )
}
