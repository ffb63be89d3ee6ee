// What the engine and the monitor tell goes into the history.

import type { Clock } from '../base/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { History } from '../history/history.ts'
import { connectionRow, decisionRow, operationRow, sampleRow } from '../history/rows.ts'
import { dayOf } from '../history/store.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { StatsSnapshot } from '../model/stats.ts'
import type { Monitor } from '../monitor/monitor.ts'

/** What the row of a connection says of what was measured. */
const sumsOf = (snapshot: Pick<StatsSnapshot, 'viewer' | 'underruns'> | undefined) =>
  [
    snapshot?.viewer?.firstFrameMs,
    snapshot?.viewer?.freezeCount,
    // A freeze goes on after it was counted.
    snapshot?.viewer?.totalFreezesDurationS,
    snapshot?.underruns ?? 0,
  ].join()

/** Returns what ends it. */
export function recordHistory(
  { engine, monitor, clock }: { engine: Pick<Engine, 'events'>; monitor: Monitor; clock: Clock },
  history: Pick<History, 'add'>,
): () => void {
  let day = dayOf(clock.wallMs())

  /** Each day is a file of its own: those who stay over midnight are in both. */
  function noteDay(): void {
    const today = dayOf(clock.wallMs())
    if (today === day) return
    day = today
    for (const { stream } of monitor.connections()) if (stream.state !== 'closed') addConnection(stream.id)
  }

  function addConnection(id: string): void {
    const found = monitor.connection(id)
    if (found) history.add('connections', connectionRow(found.stream, found.snapshot))
  }

  function onSnapshot(now: MeasuredSnapshot): void {
    history.add('samples', sampleRow(now))
    if (sumsOf(now) !== sumsOf(now.before)) addConnection(now.streamId)
  }

  const ends = [
    engine.events.on('snapshots', (snapshots) => {
      noteDay()
      for (const snapshot of snapshots) onSnapshot(snapshot)
    }),
    engine.events.on('health', ({ worker, viewers, cpuS, rssBytes, loopDelayP99Ms }) =>
      history.add('workers', { atMs: clock.wallMs(), worker, viewers, cpuS, rssBytes, loopDelayP99Ms }),
    ),
    monitor.events.on('connection', ({ stream }) => addConnection(stream.id)),
    engine.events.on('decision', (id, decision) => history.add('decisions', decisionRow(id, decision))),
    monitor.events.on('lifecycle', ({ atMs, connectionId, type, details }) => {
      history.add('events', { atMs, connection: connectionId, type, details: JSON.stringify(details) })
    }),
    monitor.events.on('operation', (record) => history.add('operations', operationRow(record))),
  ]
  return () => {
    for (const end of ends) end()
  }
}
