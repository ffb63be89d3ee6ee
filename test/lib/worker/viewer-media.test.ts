import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { Strategy } from '../../../src/lib/feedback/strategy.ts'
import type { Decision } from '../../../src/lib/model/decision.ts'
import type { SampleFigures } from '../../../src/lib/model/figure-table.ts'
import { figuresOf } from '../../../src/lib/model/figures.ts'
import type { MediaInfo } from '../../../src/lib/model/stream.ts'
import type { Track } from '../../../src/lib/model/track.ts'
import type { ServerNote } from '../../../src/lib/protocol/control.ts'
import type { OpenParams } from '../../../src/lib/protocol/media-plane.ts'
import type { OpenedContent } from '../../../src/lib/worker/opened-content.ts'
import { ViewerMedia } from '../../../src/lib/worker/viewer-media.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MemoryFeed } from '../../support/memory-feed.ts'
import { counted } from '../../support/stats.ts'

const track: Track = { id: 1, kind: 'video', codec: 'vp8', codecString: 'vp8' }
const codec = { codec: 'vp8', parameters: {} } as const
const info: MediaInfo = { container: 'webm', durationS: 20, rungs: [], mode: 'fixed', rotation: 0, tracks: [] }

function start(
  before: (media: ViewerMedia) => void = () => {},
  params: Partial<OpenParams> = {},
  { rungs = 1, ...deps }: { rungs?: number; strategy?: Strategy; figures?: () => SampleFigures } = {},
) {
  const clock = new FakeClock()
  const feed = new MemoryFeed({ kind: 'video', durationS: 20, clock, loadMs: () => 1 })
  const content: OpenedContent = {
    info,
    plan: () => ({
      video: { codec, rungs: Array.from({ length: rungs }, () => ({ track, source: 0 })), transcoded: false },
    }),
    infoFor: () => info,
    feed: () => ({ feed, pictureIdOffset: -1 }),
    offerCodecs: () => ({}),
    rest() {},
    close() {},
  }
  const notes: ServerNote[] = []
  const decisions: Decision[] = []
  const errors: unknown[] = []
  const media = new ViewerMedia(
    { streamId: 's', source: { id: 'c', entry: 'f', files: {} }, quality: 'auto', startS: 0, loop: false, ...params },
    content,
    {
      clock,
      random: () => 0,
      figures: () => undefined,
      onDecision: (decision) => decisions.push(decision),
      ...deps,
      note: (note) => notes.push(note),
      onSent() {},
      onEnded() {},
      onError: (error) => errors.push(error),
    },
  )
  before(media)
  media.choose({ video: [codec], audio: [] })
  async function run(seconds: number) {
    for (let ms = 0; ms < seconds * 1000; ms += 5) {
      await clock.advanceAsync(5)
      media.playback!.tick(clock.now(), clock.wallMs())
    }
  }
  return { media, clock, feed, errors, decisions, run, play: () => media.command({ type: 'play' }, 'viewer') }
}

const lost = new McpxError('CONTENT_NOT_FOUND', 'a block is gone')

describe('the buffer that was asked for', () => {
  const aheadAfter = async (params: Partial<OpenParams>) => {
    const { media, run, play } = start(() => {}, params)
    play()
    await run(3)
    return media.playback!.snapshot(3000).bufferS
  }

  it('is held ahead of the playhead, in frames of what is sent, and the usual one where nothing was asked for', async () => {
    const usualS = await aheadAfter({})
    expect(usualS).toBeGreaterThanOrEqual(3)
    const smallS = await aheadAfter({ buffer: { frames: 15, prefetchRatio: 0.5 } })
    expect(smallS).toBeLessThan(usualS)
    expect(smallS).toBeGreaterThan(0)
    const largeS = await aheadAfter({ buffer: { frames: 60 * 8, prefetchRatio: 0.9 } })
    expect(largeS).toBeGreaterThan(usualS)
  })
})

describe('content that fails while it plays', () => {
  it('is played out as far as it was read, and only then given up', async () => {
    const { media, feed, errors, run, play } = start()
    play()
    await run(1)
    const bufferedS = media.playback!.snapshot(1000).bufferS
    feed.failure = lost
    await run(bufferedS - 0.5)
    expect(errors).toEqual([])
    await run(2)
    expect(errors).toEqual([lost])
    media.close()
  })

  it('is given up at once when nothing of it was read', async () => {
    const { media, feed, errors, run, play } = start()
    feed.failure = lost
    play()
    await run(0.5)
    expect(errors[0]).toBe(lost)
    media.close()
  })

  it('plays on after a seek to where it can be read', async () => {
    const { media, feed, errors, run, play } = start()
    play()
    await run(1)
    feed.failure = lost
    await run(1.5)
    feed.failure = undefined
    media.command({ type: 'seek', timeS: 15 }, 'viewer')
    await run(4)
    expect(errors).toEqual([])
    expect(media.playback!.snapshot(6500).mediaTimeS).toBeGreaterThan(17)
    media.close()
  })
})

describe('a stream that waits for its viewer', () => {
  it('remembers its quality and whether it loops, and says that other commands must wait', async () => {
    const { media, run, play } = start((waiting) => {
      waiting.command({ type: 'quality', quality: 'low' }, 'viewer')
      waiting.command({ type: 'loop', loop: true }, 'viewer')
      expect(waiting.quality).toBe('low')
      for (const type of ['play', 'pause'] as const)
        expect(() => waiting.command({ type }, 'viewer')).toThrow(expect.objectContaining({ code: 'STREAM_CONFLICT' }))
    })
    expect(media.quality).toBe('low')
    play()
    await run(22)
    expect(media.playback!.phase).toBe('running')
    expect(media.playback!.snapshot(23_000).mediaTimeS).toBeLessThan(10)
    media.close()
  })
})

describe('a wall clock that is set while a stream plays', () => {
  it.each([3600_000, -3600_000])(
    'by %s ms changes neither what is sent when, nor what sender reports say',
    async (jumpMs) => {
      const { media, clock, run, play } = start()
      play()
      await run(2)
      const before = media.playback!.senderReport('video', clock.now())!
      const beforeS = media.playback!.snapshot(clock.now()).mediaTimeS
      clock.stepWall(jumpMs)
      await run(3)
      const after = media.playback!.senderReport('video', clock.now())!
      expect(media.playback!.snapshot(clock.now()).mediaTimeS - beforeS).toBeCloseTo(3, 1)
      expect(after.wallMs - before.wallMs).toBeCloseTo(3000, 0)
      expect((after.rtpTimestamp - before.rtpTimestamp) >>> 0).toBeCloseTo(270_000, -2)
      media.close()
    },
  )
})

describe('decisions', () => {
  it('are told by who decided: the strategy at the beginning, then who asks, and what the strategy makes of it', () => {
    const known = figuresOf(counted(), undefined)
    const { media, decisions } = start(() => {}, {}, { rungs: 3, figures: () => known })
    expect(decisions).toMatchObject([{ type: 'rung', by: 'fixed', to: { index: 2 }, reason: { code: 'best' } }])
    expect(decisions[0]).not.toHaveProperty('from')
    media.command({ type: 'quality', quality: 'very_low' }, 'viewer')
    media.command({ type: 'quality', quality: 'very_low' }, 'request')
    media.command({ type: 'quality', quality: 'auto' }, 'request')
    expect(decisions.slice(1)).toMatchObject([
      { type: 'quality', by: 'viewer', from: 'auto', to: 'very_low', reason: { code: 'viewer' }, inputs: known },
      {
        type: 'rung',
        from: { index: 2 },
        to: { index: 0 },
        reason: { code: 'named', values: { quality: 'very_low' } },
      },
      { type: 'quality', by: 'request', from: 'very_low', to: 'auto' },
      { type: 'rung', from: { index: 0 }, to: { index: 2 }, inputs: known },
    ])
    media.close()
  })

  it('of somebody who asks before there is a viewer hold for the viewer that comes', () => {
    const { media, decisions } = start(
      (waiting) => waiting.command({ type: 'quality', quality: 'very_low' }, 'request'),
      {},
      { rungs: 3 },
    )
    expect(decisions).toMatchObject([
      { type: 'quality', by: 'request', to: 'very_low' },
      { type: 'rung', to: { index: 0 } },
    ])
    expect(media.rung).toBe(0)
    media.close()
  })

  it('are left to the strategy', () => {
    const middle: Strategy = {
      name: 'middle',
      decide: ({ rungs, rung }, _figures, _policy, nowMs) =>
        rung === 1 ? [] : [{ type: 'rung', atMs: nowMs, by: 'middle', to: rungs[1]!, reason: { code: 'best' } }],
    }
    const { media, decisions } = start(() => {}, {}, { rungs: 3, strategy: middle })
    media.command({ type: 'quality', quality: 'very_high' }, 'viewer')
    expect(media.rung).toBe(1)
    expect(decisions.map(({ by }) => by)).toEqual(['middle', 'viewer'])
    media.close()
  })
})
