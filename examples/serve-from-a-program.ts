// A server in your own process: adds a file and prints where to watch it.
// node examples/serve-from-a-program.ts clip.mp4
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createServer, playerPath } from 'mcpx'

const file = process.argv[2]
if (!file) throw new Error('name a file: node examples/serve-from-a-program.ts clip.mp4')

// A throw-away repo and free ports; leave these out for what `mcpx serve` does.
const server = await createServer({ port: 0, isolation: true, disableWebrtcMetrics: true, logLevel: 'warning' })
process.once('SIGINT', () => void server.stop())
process.once('SIGTERM', () => void server.stop())

const { cid } = await server.store.add([{ path: basename(file), content: createReadStream(file) }])
const { container, durationS, tracks } = await server.engine.probe(cid)

console.log(`${container}, ${durationS.toFixed(1)} s, ${tracks.map(({ codec }) => codec).join(' + ')}`)
console.log(`CID     ${cid}`)
console.log(`player  ${server.url}${playerPath(cid)}`)
