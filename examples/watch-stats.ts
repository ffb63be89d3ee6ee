// What the engine measures of every stream, as it happens: one line a stream and second.
// node examples/watch-stats.ts, then open the player that it prints.
import { createServer } from 'mcpx'

const server = await createServer({
  port: 0,
  sample: true,
  isolation: true,
  disableWebrtcMetrics: true,
  logLevel: 'warning',
  pollInterval: 1,
})
process.once('SIGINT', () => void server.stop())
process.once('SIGTERM', () => void server.stop())
console.log(`player ${server.player}`)

server.engine.events.on('stream', ({ id, state, closeReason }) => {
  console.log(`${id} is ${state}${closeReason ? ` (${closeReason})` : ''}`)
})
server.engine.events.on('snapshots', (snapshots) => {
  for (const { streamId, mediaTimeS, bitrateBps, bufferS, video } of snapshots) {
    const loss = video?.lossRatio === undefined ? 'unknown' : `${(video.lossRatio * 100).toFixed(1)} %`
    const kbps = Math.round(bitrateBps / 1000)
    console.log(`${streamId} at ${mediaTimeS.toFixed(1)} s: ${kbps} kbps, loss ${loss}, ${bufferS.toFixed(1)} s ready`)
  }
})
