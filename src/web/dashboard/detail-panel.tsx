// Everything about the selected connection: what it is, how it does and did, and what happened to it.
import { useEffect, useState } from 'preact/hooks'
import type { LiveConnection, LiveState } from '../../lib/protocol/live.ts'
import { playerPath } from '../../lib/protocol/routes.ts'
import { CopyButton } from '../shared/copy-button.tsx'
import { formatCodec, formatTime, shortContent } from '../shared/format.ts'
import { fetchHappenings, fetchSamples, type Happening, type Outcome } from './api.ts'
import { Chart } from './chart.tsx'
import { isOpen, isSilent, isWatched, stateOf } from './connection-view.ts'
import type { FigureId } from './figures.ts'
import { Panel, Pill, ScoreRing } from './parts.tsx'
import { QualitySelect } from './quality-select.tsx'
import type { SampleKeeper } from './samples.ts'
import { clockText, detailsText, plainName, spanText } from './words.ts'

interface DetailProps {
  readonly base: string
  readonly state: LiveState
  readonly connection: LiveConnection | undefined
  readonly samples: SampleKeeper
  readonly charts: readonly FigureId[]
  readonly windowMs: number
  onClose(id: string): void
  onDone(outcome: Outcome): void
}

const mostHappenings = 100

/** Fills the samples from the history when a connection is selected or the charts reach further back. */
function useHistory({ base, connection, samples, windowMs }: DetailProps): void {
  const [, setFilled] = useState(0)
  const id = connection?.id
  const endMs = connection?.closedAtMs ?? Date.now()
  useEffect(() => {
    if (id === undefined) return
    const leaving = new AbortController()
    void fetchSamples(base, { id, fromMs: endMs - windowMs }, leaving.signal).then((older) => {
      if (leaving.signal.aborted || older.length === 0) return
      samples.fill(id, older)
      setFilled((before) => before + 1)
    })
    return () => leaving.abort()
  }, [id, windowMs])
}

/** What happened to it, asked for again when the server has told of something new. */
function useHappenings({ base, state, connection }: DetailProps): readonly Happening[] {
  const [happenings, setHappenings] = useState<readonly Happening[]>([])
  const id = connection?.id
  const newest = state.events.findLast(({ connectionId }) => connectionId === id)?.atMs
  useEffect(() => setHappenings([]), [id])
  useEffect(() => {
    if (id === undefined) return
    const leaving = new AbortController()
    void fetchHappenings(base, id, leaving.signal).then((found) => {
      if (!leaving.signal.aborted) setHappenings(found)
    })
    return () => leaving.abort()
  }, [id, newest, connection?.state])
  return happenings
}

export function DetailPanel(props: DetailProps) {
  const { base, state, connection, samples, charts, windowMs, onClose, onDone } = props
  useHistory(props)
  const happenings = useHappenings(props)
  if (!connection)
    return (
      <Panel id="details" title="Connection">
        <p class="empty">Select a connection above to see its charts, scores and events.</p>
      </Panel>
    )
  const { id, content, error } = connection
  const { word, tone } = stateOf(connection)
  const own = samples.of(id)
  const endMs = isOpen(connection) ? state.atMs : (connection.closedAtMs ?? state.atMs)
  const actions = (
    <>
      {isOpen(connection) && <QualitySelect base={base} connection={connection} onDone={onDone} />}
      <CopyButton text={id} label="Id" />
      <CopyButton text={content} label="CID" />
      <a class="chip" href={base + playerPath(content)} target="_blank" rel="noopener">
        Player
      </a>
      {isOpen(connection) && (
        <button type="button" class="chip danger" title="Close this connection" onClick={() => onClose(id)}>
          Close
        </button>
      )}
    </>
  )
  return (
    <Panel id="details" title={shortContent(content)} note={`connection ${id.slice(0, 8)}`} actions={actions}>
      <p class="states">
        <Pill tone={tone}>{word}</Pill>
        {isSilent(connection) && <Pill tone="unknown">not reporting: what this viewer sees is not known</Pill>}
      </p>
      {error && (
        <p class="error-box" role="alert">
          <b>{error.code}</b> <bdi>{error.message}</bdi>
        </p>
      )}
      <div class="detail-top">
        <Facts connection={connection} />
        <div class="rings">
          <ScoreRing
            title="Stream health"
            score={connection.health}
            isOld={!isWatched(connection)}
            isSilent={isSilent(connection)}
          />
          <ScoreRing
            title="Video quality"
            score={connection.videoQuality}
            isOld={!isWatched(connection)}
            isSilent={isSilent(connection)}
          />
        </div>
      </div>
      <div class="charts">
        {charts.map((figure) => (
          <Chart
            key={figure}
            figure={figure}
            samples={own}
            windowMs={windowMs}
            endMs={endMs}
            holeMs={Math.max(3_500 * state.server.pollIntervalS, 5_000)}
          />
        ))}
      </div>
      <h3>Events and errors</h3>
      <Happenings happenings={happenings} />
    </Panel>
  )
}

function Facts({ connection: one }: { connection: LiveConnection }) {
  const { peerStates: peer, closeReason, closedAtMs, connectedAtMs, createdAtMs } = one
  const asked = plainName(one.quality)
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Viewer', one.peer],
    ['Peer', peer.connection],
    ['ICE', peer.ice],
    ['Signalling', peer.signaling],
    ['Codecs', one.codecs.map(formatCodec).join(', ') || undefined],
    ['Quality', one.sentQuality ? `${plainName(one.sentQuality)}, asked for ${asked.toLowerCase()}` : asked],
    ['Position', `${formatTime(one.mediaTimeS)} of ${one.durationS > 0 ? formatTime(one.durationS) : 'unknown'}`],
    ['First frame', one.firstFrameMs === undefined ? undefined : spanText(one.firstFrameMs)],
    ['Freezes', freezeText(one)],
    ['Waited for content', `${one.underruns} ${one.underruns === 1 ? 'time' : 'times'}`],
    ['Opened', clockText(createdAtMs)],
    ['Connected after', connectedAtMs === undefined ? undefined : spanText(connectedAtMs - createdAtMs)],
    ['Worker', one.worker === undefined ? undefined : String(one.worker)],
  ]
  const end =
    closedAtMs === undefined
      ? []
      : [
          [
            'Closed',
            `${clockText(closedAtMs)}${closeReason ? ` · ${plainName(closeReason).toLowerCase()}` : ''}`,
          ] as const,
        ]
  return (
    <dl class="facts">
      {[...facts, ...end].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={value === undefined ? 'quiet' : undefined}>{value ?? 'unknown'}</dd>
        </div>
      ))}
      <div class="whole">
        <dt>Content</dt>
        <dd>
          <bdi>{one.content}</bdi>
        </dd>
      </div>
    </dl>
  )
}

function freezeText({ freezeCount, totalFreezesDurationS }: LiveConnection): string | undefined {
  if (freezeCount === undefined) return undefined
  return freezeCount === 0 ? 'none' : `${freezeCount}, ${spanText((totalFreezesDurationS ?? 0) * 1000)} in all`
}

function Happenings({ happenings }: { happenings: readonly Happening[] }) {
  if (happenings.length === 0) return <p class="empty">Nothing yet.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <ol class="log" tabIndex={0} aria-label="Events and errors of this connection">
      {happenings.slice(0, mostHappenings).map((one, at) => (
        <li key={`${one.atMs} ${one.type} ${at}`} class={one.isError ? 'bad' : undefined}>
          <time>{clockText(one.atMs)}</time>
          <span>{/^[A-Z_]+$/.test(one.type) ? one.type : plainName(one.type)}</span>
          <bdi class="quiet">{detailsText(one.details)}</bdi>
        </li>
      ))}
    </ol>
  )
}
