import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { enterDoor } from '../../../src/lib/base/local-door.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { makerPort } from '../../../src/lib/media/transcode/job-wire.ts'
import type { TranscodeJob, TranscodeOutput, TranscodeRequest } from '../../../src/lib/protocol/media-plane.ts'
import { createJobStarter } from '../../../src/lib/worker/transcode-client.ts'
import { until } from '../../support/webrtc-pair.ts'

const job: TranscodeJob = {
  source: { id: 'film', entry: 'film', files: {} },
  trackId: 1,
  recipe: { kind: 'audio', codec: 'opus', channels: 2, bitrateBps: 96_000 },
  segmentS: 1,
  from: 3,
}
const last = 9
const usage = { cpuUs: 1 }

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

type Act = (maker: {
  readonly request: TranscodeRequest
  readonly signal: AbortSignal
  readonly port: ReturnType<typeof makerPort>
  readonly socket: Socket
}) => Promise<void>

/** A control plane whose processes do as they are told, one after another. */
function plane(...acts: readonly Act[]) {
  const requests: TranscodeRequest[] = []
  const call = async (_method: string, request: TranscodeRequest, { signal }: { signal: AbortSignal }) => {
    requests.push(request)
    const act = acts[requests.length - 1] ?? acts.at(-1)!
    const socket = await enterDoor(request.door)
    sockets.push(socket)
    await act({ request, signal, socket, port: makerPort(socket) })
    return usage
  }
  const startJob = createJobStarter({ host: { call } as never, clock: systemClock, logger: silentLogger })
  return { requests, startJob }
}

const segment = (index: number): TranscodeOutput => {
  return {
    t: 'segment',
    index,
    startS: index,
    endS: index + 1,
    isLast: index === last,
    slab: new Uint8Array(9),
    frames: [],
  }
}

/** Makes as many segments as are granted, up to the last or `until`. */
const makes =
  (until = Number.POSITIVE_INFINITY): Act =>
  ({ request, port, socket }) =>
    new Promise((resolve) => {
      let next = request.from
      port.onMessage((input) => {
        for (let i = 0; input.t === 'credit' && i < input.segments && next <= Math.min(last, until); i++)
          port.postMessage(segment(next++), [])
        if (next > until) resolve()
      })
      socket.on('close', () => resolve())
    })

const crashesAfter =
  (index: number): Act =>
  async (maker) => {
    await makes(index)(maker)
    // What was written before still arrives, as from a process that ends.
    maker.socket.end()
    throw new McpxError('TRANSCODE_FAILED', `crashed after ${index}`)
  }

async function read(startJob: ReturnType<typeof plane>['startJob'], signal = new AbortController().signal) {
  const indexes: number[] = []
  const { segments, grant } = startJob(job, { signal })
  grant(2)
  for await (const { index } of segments) {
    indexes.push(index)
    grant(1)
  }
  return indexes
}

describe('a transcode as a media worker asks for it', () => {
  it('has its segments by a door of its own', async () => {
    const { startJob, requests } = plane(makes())
    expect(await read(startJob)).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(requests).toMatchObject([{ from: 3, isFresh: false }])
  })

  it('goes on in a fresh process at the segment where the one before it was', async () => {
    const { startJob, requests } = plane(crashesAfter(5), makes())
    expect(await read(startJob)).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(requests).toMatchObject([
      { from: 3, isFresh: false },
      { from: 6, isFresh: true },
    ])
    expect(requests[1]!.door.token).not.toBe(requests[0]!.door.token)
  })

  it('ends with what the second process ended with', async () => {
    const { startJob, requests } = plane(crashesAfter(5), crashesAfter(7))
    await expect(read(startJob)).rejects.toMatchObject({ code: 'TRANSCODE_FAILED', message: 'crashed after 7' })
    expect(requests).toHaveLength(2)
  })

  it('does not try again what failed in order', async () => {
    const fails: Act = async ({ port }) => {
      const error = { code: 'CODEC_UNSUPPORTED', message: 'no decoder', hint: '' } as const
      port.postMessage({ t: 'failed', error }, [])
    }
    const { startJob, requests } = plane(fails)
    await expect(read(startJob)).rejects.toMatchObject({ code: 'CODEC_UNSUPPORTED' })
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['more than was granted', (index: number) => index],
    ['another segment than the next', (index: number) => index + 1],
  ])('does not take %s from a process', async (_what, indexOf) => {
    const floods: Act = ({ request, port, socket }) =>
      new Promise((resolve) => {
        for (let i = 0; i < 100; i++)
          port.postMessage({ ...segment(indexOf(request.from + i)), isLast: false } as TranscodeOutput, [])
        socket.on('close', () => resolve())
        socket.resume()
      })
    const { startJob, requests } = plane(floods)
    await expect(read(startJob)).rejects.toMatchObject({ code: 'TRANSCODE_FAILED' })
    expect(requests).toHaveLength(2)
  })

  it('tells the process when nobody wants it any more', async () => {
    const over = new AbortController()
    let aborted = false
    const waits: Act = ({ signal, socket }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true
        })
        socket.on('close', () => resolve())
        socket.resume()
      })
    const { startJob, requests } = plane(waits)
    const reading = expect(read(startJob, over.signal)).rejects.toThrow('enough')
    await until(() => sockets.length > 0)
    over.abort(new Error('enough'))
    await reading
    await until(() => aborted && sockets[0]!.destroyed)
    expect(requests).toHaveLength(1)
  })

  it('says at once why there is no process for it', async () => {
    const call = () => Promise.reject(new McpxError('TOO_MANY_STREAMS', 'all busy'))
    const startJob = createJobStarter({
      host: { call } as never,
      clock: systemClock,
      logger: silentLogger,
    })
    await expect(read(startJob)).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' })
  })
})
