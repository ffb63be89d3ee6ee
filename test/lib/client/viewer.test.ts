import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { EpochCause } from '../../../src/lib/model/epoch-cause.ts'
import type { MediaKind } from '../../../src/lib/model/track.ts'
import type { ServerNote } from '../../../src/lib/protocol/control.ts'
import { startServer } from '../../support/e2e-server.ts'
import { openHeadless, receives } from '../../support/e2e-viewer.ts'
import { mediaNote, openScripted } from '../../support/scripted-peer.ts'

it('has for everybody who asks the rates since they asked, whoever else asks', async () => {
  const server = await startServer({ sample: true })
  onTestFinished(() => server.stop())
  const viewer = await openHeadless(server, { content: server.sample!.cid })
  onTestFinished(() => viewer.close())
  await receives(viewer, 10)
  const earlier = viewer.snapshot()
  // This asks again and again.
  await receives(viewer, 20)
  const now = viewer.snapshot(earlier)
  const bits = (now.bytesReceived - earlier.bytesReceived) * 8
  expect(now.bitrateBps).toBeCloseTo(bits / (now.ageS - earlier.ageS), 3)
})

const frameTicks = 3000
const frameMs = 100 / 3
const epoch = (rtpTimestamp: number, mediaTimeS: number, cause: EpochCause = 'start', rate: 0 | 1 = 1): ServerNote => ({
  type: 'epoch',
  epoch: { rtpTimestamp, mediaTimeS, rate, cause },
  paused: false,
})

/** A viewer that has heard of its media, and plays from the timestamp given. */
async function playing({ kinds = ['video'] as MediaKind[], fromTimestamp = 5000 } = {}) {
  const scripted = await openScripted()
  const viewer = await scripted.opening
  scripted.note(mediaNote(kinds))
  scripted.note(epoch(fromTimestamp, 0))
  let timestamp = fromTimestamp
  const play = (frames: number, options: Parameters<typeof scripted.frame>[1] = {}) => {
    for (let i = 0; i < frames; i++) {
      scripted.frame(timestamp, { isKey: i === 0, ...options })
      timestamp += frameTicks
      scripted.clock.advance(frameMs)
    }
  }
  return { ...scripted, viewer, play }
}

describe('the figures of a viewer', () => {
  it('say when the first frame came, since the request, and where the media stands, over the wrap of the timestamp', async () => {
    const { viewer, clock, play } = await playing({ fromTimestamp: 2 ** 32 - 45_000 })
    expect(viewer.snapshot()).not.toHaveProperty('firstFrameMs')
    clock.advance(240)
    play(31)
    expect(viewer.snapshot()).toMatchObject({
      firstFrameMs: 240,
      framesReceived: 31,
      keyFramesReceived: 1,
      durationS: 60,
    })
    expect(viewer.snapshot().mediaTimeS).toBeCloseTo(1, 6)
  })

  it('are rates over the time since the one before: bits, and losses less what came again', async () => {
    const { viewer, clock, count } = await playing()
    count('video', { packetsReceived: 90, bytesReceived: 90_000, packetsLost: 10 })
    clock.advance(1000)
    const first = viewer.snapshot()
    expect(first).toMatchObject({ bitrateBps: 720_000, lossRatio: 0.1 })
    // Ten that are lost come again: they have been lost, and have not come besides.
    count('video', { packetsReceived: 200, bytesReceived: 190_000, packetsLost: 20, packetsRecovered: 10 })
    count('audio', { packetsReceived: 0, bytesReceived: 10_000 })
    clock.advance(2000)
    const second = viewer.snapshot(first)
    expect(second.bitrateBps).toBe(440_000)
    expect(second.lossRatio).toBeCloseTo(10 / 110, 9)
    expect(viewer.snapshot(second)).toMatchObject({ bitrateBps: 0, lossRatio: 0 })
  })

  it('are none out of range, whatever is counted', async () => {
    const { viewer, clock, count } = await playing()
    const counters = fc.record({
      packetsReceived: fc.nat(1000),
      bytesReceived: fc.nat(10 ** 6),
      packetsLost: fc.integer({ min: -50, max: 1000 }),
      packetsRecovered: fc.nat(50),
    })
    fc.assert(
      fc.property(counters, fc.nat(2000), (next, ms) => {
        const earlier = viewer.snapshot()
        count('video', {
          packetsReceived: earlier.packetsReceived + next.packetsReceived,
          bytesReceived: earlier.bytesReceived + next.bytesReceived,
          packetsLost: earlier.packetsLost + next.packetsLost,
          packetsRecovered: earlier.packetsRecovered + Math.min(next.packetsRecovered, next.packetsReceived),
        })
        clock.advance(ms)
        const { lossRatio, bitrateBps, bufferS } = viewer.snapshot(earlier)
        expect(lossRatio).toBeGreaterThanOrEqual(0)
        expect(lossRatio).toBeLessThanOrEqual(1)
        expect(bitrateBps).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(bitrateBps) && bufferS >= 0).toBe(true)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('have a buffer of what came ahead of a player that began 0.2 s after the first frame, new after a seek', async () => {
    const { viewer, clock, frame, note } = await playing()
    for (let i = 0; i <= 30; i++) frame(5000 + i * frameTicks, { isKey: i === 0 })
    expect(viewer.snapshot().bufferS).toBeCloseTo(1.2, 6)
    clock.advance(700)
    expect(viewer.snapshot().bufferS).toBeCloseTo(0.5, 6)
    clock.advance(5000)
    expect(viewer.snapshot().bufferS).toBe(0)
    note(epoch(500_000, 30, 'underrun'))
    frame(500_000)
    expect(viewer.snapshot().bufferS).toBe(0)
    note(epoch(600_000, 40, 'seek'))
    frame(600_000, { isKey: true })
    expect(viewer.snapshot()).toMatchObject({ bufferS: 0.2, mediaTimeS: 40 })
  })

  it('count a freeze where frames stay away, and where a lost one leaves nothing to show until the next key frame', async () => {
    const { viewer, clock, play } = await playing()
    play(30)
    clock.advance(500)
    play(30, { isKey: false })
    expect(viewer.snapshot().freezeCount).toBe(1)
    const before = viewer.snapshot().totalFreezesDurationS
    // The last frame before it was held back a little, and so was shown that much longer.
    expect(before).toBeLessThan(0.5 + frameMs / 1000)
    expect(before).toBeGreaterThan(0.5)
    // A packet never comes; after the wait frames come again, but none is a key frame.
    play(1, { isKey: false, lost: 1 })
    play(45, { isKey: false })
    const frozen = viewer.snapshot()
    expect(frozen).toMatchObject({ freezeCount: 2, framesDropped: 1 })
    expect(frozen.totalFreezesDurationS).toBeGreaterThan(before + 1)
    play(10)
    const after = viewer.snapshot()
    play(30, { isKey: false })
    expect(viewer.snapshot()).toMatchObject({ freezeCount: 2, totalFreezesDurationS: after.totalFreezesDurationS })
  })

  it('count none for a pause that was asked for', async () => {
    const { viewer, clock, play, said } = await playing()
    play(30)
    expect(viewer.command({ type: 'pause' })).toBe(true)
    expect(said).toContainEqual({ type: 'pause' })
    clock.advance(20_000)
    viewer.command({ type: 'play' })
    clock.advance(100)
    play(30)
    expect(viewer.snapshot()).toMatchObject({ freezeCount: 0, totalFreezesDurationS: 0 })
  })

  it('are told by the audio where there is no picture', async () => {
    const { viewer, frame, note, said, clock } = await playing({ kinds: ['audio'] })
    note(epoch(0, 10, 'seek'))
    frame(48_000, { kind: 'audio' })
    expect(viewer.snapshot()).toMatchObject({ mediaTimeS: 11, framesReceived: 0, firstFrameMs: 0 })
    clock.advance(2000)
    expect(said).toEqual([
      { type: 'report', report: expect.not.objectContaining({ framesReceived: expect.anything() }) },
    ])
  })

  it('are reported to the server every two seconds, until it is closed', async () => {
    const { viewer, clock, count, roundTrip, said, play } = await playing()
    play(1)
    count('video', { packetsReceived: 5, bytesReceived: 400 })
    roundTrip(0.03)
    clock.advance(2000)
    expect(said).toEqual([
      {
        type: 'report',
        report: {
          ...{ packetsReceived: 5, packetsLost: 0, bytesReceived: 400, framesReceived: 1 },
          ...{ freezeCount: 0, totalFreezesDurationS: 0, firstFrameMs: 0, roundTripTimeMs: 30 },
        },
      },
    ])
    clock.advance(4000)
    expect(said).toHaveLength(3)
    await viewer.close()
    clock.advance(10_000)
    expect(said).toHaveLength(3)
  })
})

describe('the end of a stream', () => {
  const ended = async (how: (scripted: Awaited<ReturnType<typeof playing>>) => void) => {
    const scripted = await playing()
    how(scripted)
    return scripted.viewer.done
  }

  it('is what was said first', async () => {
    expect(await ended(({ note }) => note({ type: 'ended' }))).toEqual({ reason: 'ended' })
    const closed = { type: 'closed', reason: 'timeout' } as const
    expect(await ended(({ note }) => note(closed))).toEqual({ reason: 'closed', detail: 'timeout' })
    expect(await ended(({ state }) => state('closed'))).toEqual({ reason: 'closed' })
    expect(
      await ended(({ note, state, serverIsGone }) => {
        note({ type: 'ended' })
        state('failed')
        serverIsGone()
      }),
    ).toEqual({ reason: 'ended' })
  })

  it('is an error where the connection fails, the server is gone or says one, known or not', async () => {
    await expect(ended(({ state }) => state('failed'))).rejects.toMatchObject({ code: 'PEER_FAILED' })
    await expect(ended(({ serverIsGone }) => serverIsGone())).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    const said = { message: 'so it is', hint: 'do so' }
    for (const [code, known] of [
      ['CODEC_UNSUPPORTED', 'CODEC_UNSUPPORTED'],
      ['toString', 'INTERNAL'],
    ] as const)
      await expect(ended(({ note }) => note({ type: 'error', ...said, code }))).rejects.toMatchObject({
        ...said,
        code: known,
      })
  })

  it('is not what makes no sense', async () => {
    const { viewer, text } = await playing()
    for (const one of ['', '{', 'null', '[]', '{"type":"closed"}', '{"type":"error","code":1}', '{"type":"ended"'])
      text(one)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (one) => text(one)),
      { seed: 1, numRuns: 300 },
    )
    expect(await Promise.race([viewer.done, 'goes on'])).toBe('goes on')
    expect(viewer.snapshot().durationS).toBe(60)
  })
})

describe('opening and closing', () => {
  it('closes all that was opened, once, the last first', async () => {
    const { viewer, closed, clock } = await playing()
    await Promise.all([viewer.close(), viewer.close()])
    await viewer.close()
    expect(closed).toEqual(['watch', 'session', 'peer'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('leaves nothing where the server refuses, or its answer is none', async () => {
    const refusal = new McpxError('CONTENT_NOT_FOUND', 'nobody has it')
    const refused = await openScripted({ failOffer: refusal })
    await expect(refused.opening).rejects.toBe(refusal)
    expect(refused.closed).toEqual(['peer'])
    const wrong = new McpxError('INVALID_SDP', 'no answer')
    const unanswered = await openScripted({ refuseAnswer: wrong })
    await expect(unanswered.opening).rejects.toBe(wrong)
    expect(unanswered.closed).toEqual(['session', 'peer'])
  })

  it('tells who watches the server of whatever comes from it', async () => {
    const { heard, note, count } = await playing()
    const before = heard()
    note({ type: 'buffering', buffering: true })
    expect(heard()).toBe(before + 1)
    count('audio', { packetsReceived: 4 })
    expect(heard()).toBe(before + 5)
  })
})
