// A server with its monitor: what happens to every connection as it happens, and in sum at the end.
// node examples/monitor.ts, then open the player that it prints. Ctrl-C ends it.
import { createServer, wordScore } from 'mcpx'

const server = await createServer({
  port: 0,
  sample: true,
  isolation: true,
  disableWebrtcMetrics: true,
  logLevel: 'warning',
  // The monitor's options: how often it measures, how long its history reaches back.
  pollInterval: 1,
  historyDays: 7,
})
const { monitor, history } = server
if (!monitor || !history) throw new Error('the monitor is off')
console.log(`player ${server.player}`)

monitor.events.on('lifecycle', ({ type, connectionId, details }) => {
  console.log(`${connectionId} ${type} ${JSON.stringify(details)}`)
})
monitor.events.on('operation', ({ type, status, error }) => {
  if (status !== 'started') console.log(`${type} ${status}${error ? `: ${error.code}, ${error.message}` : ''}`)
})
server.engine.events.on('snapshots', (snapshots) => {
  for (const { streamId, health } of snapshots) {
    const why = wordScore(health)
      .reasons.map(({ points, text }) => `−${points}: ${text}`)
      .join(', ')
    console.log(`${streamId} health ${health.value ?? 'unknown'} ${why}`)
  }
})

async function end(): Promise<void> {
  const { rows } = await history!('samples', { fromMs: monitor!.summary().startedAtMs, toMs: Date.now() + 1 })
  console.log(`${monitor!.summary().connections.total} connections, ${rows.length} samples`)
  await server.stop()
}
process.once('SIGINT', () => void end())
process.once('SIGTERM', () => void end())
