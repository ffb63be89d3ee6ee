// Metrics of your own beside those of mcpx: Prometheus reads them at the same address.
// node examples/custom-metrics.ts, then open the player that it prints, and the metrics.
import { createServer } from 'mcpx'

const server = await createServer({
  port: 0,
  sample: true,
  isolation: true,
  disableWebrtcMetrics: true,
  logLevel: 'warning',
})
process.once('SIGINT', () => void server.stop())
process.once('SIGTERM', () => void server.stop())

const ended = server.customMetrics.counter({
  name: 'cinema_screenings_total',
  help: 'Screenings that are over, by how they ended',
  labels: ['end'],
})
const length = server.customMetrics.histogram({
  name: 'cinema_screening_seconds',
  help: 'How long they were watched',
  buckets: [10, 60, 600, 3600, 7200],
})

server.engine.events.on('stream', ({ state, closeReason = 'unknown', connectedAtMs, closedAtMs }) => {
  if (state !== 'closed') return
  ended.add({ end: closeReason })
  if (connectedAtMs !== undefined && closedAtMs !== undefined) length.observe({}, (closedAtMs - connectedAtMs) / 1000)
})

console.log(`player ${server.player}`)
console.log(`metrics ${server.metrics?.mcp}`)
