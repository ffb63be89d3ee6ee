// Content: what verified reading by CID costs next to plain file reads, and what a slow reader makes a server hold.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/lib/base/clock.ts'
import { silentLogger } from '../src/lib/base/logger.ts'
import { createBlockReader } from '../src/lib/content/block-reader.ts'
import { openContent } from '../src/lib/content/open-store.ts'
import { routes } from '../src/lib/protocol/routes.ts'
import { atMost, type BenchContext, interleave, median, ratios, wait } from './support/bench.ts'
import { type BuiltServer, rssOf, serveBuilt } from './support/built-server.ts'

export const title = 'Content: verified reads by CID'

const megabyte = 2 ** 20
const blockBytes = 256 * 1024
const pageBytes = 4096

export async function run(context: BenchContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-bench-'))
  try {
    await measureReads(context, folder)
    await measureSlowReader(context, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Bytes that no hash has seen; 32-bit xorshift, the same in every run. */
function noise(sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = 0x9e3779b9
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

async function measureReads(context: BenchContext, folder: string): Promise<void> {
  const sizeBytes = context.pick(64, 16, 2) * megabyte
  const path = join(folder, 'plain')
  await writeFile(path, noise(sizeBytes))
  const content = await openContent(
    {
      repoPath: join(folder, 'repo'),
      isolation: true,
      gateways: [],
      offline: true,
      fetchTimeoutMs: 10_000,
      // No memory cache: every block is read from the disk cache and hashed, which is the cost in question.
      memoryCacheBytes: 0,
      diskCacheBytes: 2 ** 30,
    },
    { clock: systemClock, logger: silentLogger },
  )
  const file = await open(path)
  try {
    const { cid } = await content.store.add([{ path: 'plain', content: createReadStream(path) }])
    await measureSequential(context, content.store.read.bind(content.store), cid, path, sizeBytes)
    for (const [what, memoryCacheBytes] of [
      ['from the block folder', 0],
      ['from memory', 2 * sizeBytes],
    ] as const) {
      const reader = createBlockReader({
        blocksPath: content.blocksPath,
        memoryCacheBytes,
        fetchBlock: async () => {
          throw new Error('every block is here')
        },
      })
      const source = reader.open({ cid, sizeBytes })
      await measureRandom(context, what, (start) => source.read(start, start + pageBytes), file, sizeBytes)
      source.close()
      reader.close()
    }
  } finally {
    await file.close()
    await content.close()
  }
}

async function measureSequential(
  context: BenchContext,
  read: (cid: string) => AsyncIterable<Uint8Array>,
  cid: string,
  path: string,
  sizeBytes: number,
): Promise<void> {
  const costUs = async (stream: AsyncIterable<Uint8Array>) => {
    const before = process.cpuUsage()
    let seen = 0
    for await (const piece of stream) seen += piece.length
    const { user, system } = process.cpuUsage(before)
    if (seen !== sizeBytes) throw new Error(`${seen} of ${sizeBytes} bytes`)
    return (user + system) / (sizeBytes / megabyte)
  }
  const sides = {
    byCid: () => costUs(read(cid)),
    plain: () => costUs(createReadStream(path, { highWaterMark: blockBytes })),
    hashed: () => costUs(hashed(createReadStream(path, { highWaterMark: blockBytes }))),
  }
  await interleave(1, sides)
  const { byCid, plain, hashed: withHash } = await interleave(context.pick(15, 7, 2), sides)
  const times = (below: number[]) => `${median(below).toFixed(0)} µs (${median(ratios(byCid, below)).toFixed(1)}x)`
  context.report({
    figure: 'sequential read by CID, CPU a MiB',
    unit: 'µs',
    samples: byCid,
    beside: `plain file ${times(plain)}; plain file and SHA-256 of each 256 KiB ${times(withHash)}`,
  })
}

async function* hashed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    createHash('sha256').update(piece).digest()
    yield piece
  }
}

async function measureRandom(
  context: BenchContext,
  what: string,
  read: (start: number) => Promise<Uint8Array>,
  file: FileHandle,
  sizeBytes: number,
): Promise<void> {
  const count = context.pick(400, 150, 20)
  let state = 12345
  const place = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state % (sizeBytes / pageBytes)) * pageBytes
  }
  const p50Us = async (readAt: (start: number) => Promise<unknown>) => {
    const times: number[] = []
    for (let i = 0; i < count; i++) {
      const start = place()
      const before = performance.now()
      await readAt(start)
      times.push((performance.now() - before) * 1000)
    }
    return median(times)
  }
  const page = Buffer.alloc(pageBytes)
  const sides = {
    byCid: () => p50Us(read),
    plain: () => p50Us((start) => file.read(page, 0, pageBytes, start)),
  }
  if (what === 'from memory') for (let at = 0; at < sizeBytes; at += blockBytes) await read(at)
  await interleave(1, sides)
  const { byCid, plain } = await interleave(context.pick(15, 7, 2), sides)
  context.report({
    figure: `4 KiB random read by CID ${what}, p50`,
    unit: 'µs',
    samples: byCid,
    beside: `plain file ${median(plain).toFixed(0)} µs: ${median(ratios(byCid, plain)).toFixed(1)}x`,
  })
}

/** A client takes 1 % of a large file over HTTP and then stops reading: what the server, a process of its own, holds at the most. */
async function measureSlowReader(context: BenchContext, folder: string): Promise<void> {
  const sizeBytes = context.pick(400, 64, 8) * megabyte
  const path = join(folder, 'large')
  const repoPath = join(folder, 'served')
  await writeFile(path, noise(sizeBytes))
  const cid = await addTo(repoPath, path)
  await rm(path)
  const server = await serveBuilt(['--persistence-path', repoPath])
  try {
    if (rssOf(server.pid) === undefined) return context.say('memory of another process is read on Linux only')
    // The first requests load code; they are no part of this.
    for (let i = 0; i < 5; i++) await (await fetch(new URL('/', server.url))).text()
    await wait(context.pick(2000, 1000, 200))
    const before = rssOf(server.pid)!
    const peak = await readSlowly(server, cid, sizeBytes / 100)
    context.report({
      figure: `peak memory while a reader takes 1 % of ${sizeBytes / megabyte} MiB and stops`,
      unit: 'MiB',
      samples: [(peak - before) / megabyte],
      goal: atMost(32, 'MiB'),
      beside: `server ${(before / megabyte).toFixed(0)} MiB before, ${(peak / megabyte).toFixed(0)} MiB at the most`,
    })
  } finally {
    await server.stop()
  }
}

async function addTo(repoPath: string, path: string): Promise<string> {
  const content = await openContent(
    {
      repoPath,
      isolation: false,
      gateways: [],
      offline: true,
      fetchTimeoutMs: 10_000,
      memoryCacheBytes: 0,
      diskCacheBytes: 2 ** 30,
    },
    { clock: systemClock, logger: silentLogger },
  )
  try {
    return (await content.store.add([{ path: 'large', content: createReadStream(path) }])).cid
  } finally {
    await content.close()
  }
}

async function readSlowly({ url, pid }: BuiltServer, cid: string, wantedBytes: number): Promise<number> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  let peak = 0
  let taken = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, rssOf(pid) ?? 0)
  }, 10)
  try {
    socket.write(`GET ${routes.ipfs.replace('*', cid)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await new Promise<void>((done, fail) => {
      socket.once('error', fail)
      socket.once('close', () => fail(new Error('the server closed the connection')))
      socket.on('data', (data) => {
        taken += data.length
        socket.pause()
        if (taken >= wantedBytes) done()
        else setTimeout(() => socket.resume(), 5)
      })
    })
    await wait(1000)
    return peak
  } finally {
    clearInterval(watch)
    socket.removeAllListeners('close')
    socket.destroy()
  }
}
