import { describe, expect, it } from 'vitest'
import { readingOf, type StatsEntry, takeSample } from '../../../src/web/player/stats.ts'

const video = (changes: Record<string, unknown> = {}): StatsEntry => ({
  id: 'v',
  type: 'inbound-rtp',
  kind: 'video',
  codecId: 'cv',
  bytesReceived: 100_000,
  packetsReceived: 100,
  packetsLost: 2,
  framesDecoded: 60,
  framesDropped: 1,
  freezeCount: 0,
  jitter: 0.004,
  jitterBufferDelay: 1.2,
  jitterBufferEmittedCount: 60,
  frameWidth: 1280,
  frameHeight: 720,
  ...changes,
})
const audio = (changes: Record<string, unknown> = {}): StatsEntry => ({
  id: 'a',
  type: 'inbound-rtp',
  kind: 'audio',
  codecId: 'ca',
  bytesReceived: 10_000,
  packetsReceived: 50,
  packetsLost: 0,
  jitter: 0.001,
  jitterBufferDelay: 960,
  jitterBufferEmittedCount: 48_000,
  ...changes,
})
const rest: StatsEntry[] = [
  { id: 'cv', type: 'codec', mimeType: 'video/VP9' },
  { id: 'ca', type: 'codec', mimeType: 'audio/opus' },
  { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
  { id: 'other', type: 'candidate-pair', nominated: true, currentRoundTripTime: 9 },
  { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.012, localCandidateId: 'l', remoteCandidateId: 'r' },
  { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
  { id: 'r', type: 'remote-candidate', candidateType: 'srflx', protocol: 'udp' },
]

describe('statistics of the browser', () => {
  it('become rates between two looks', () => {
    const before = takeSample([video(), audio(), ...rest], 1000)
    const after = takeSample(
      [
        video({
          bytesReceived: 340_000,
          packetsReceived: 296,
          packetsLost: 6,
          framesDecoded: 120,
          jitterBufferDelay: 3,
          jitterBufferEmittedCount: 120,
        }),
        audio({ bytesReceived: 20_000, packetsReceived: 50 }),
        ...rest,
      ],
      3000,
    )
    const reading = readingOf(after, before)
    expect(reading.bitrateBps).toBe(1_000_000)
    expect(reading.framesPerSecond).toBe(30)
    expect(reading.lossRatio).toBe(4 / 200)
    expect(reading.jitterBufferMs).toBeCloseTo(30)
    expect(reading).toMatchObject({
      width: 1280,
      height: 720,
      codecs: 'VP9 + Opus',
      packetsLost: 6,
      path: 'host UDP ↔ srflx UDP',
    })
    expect(reading.roundTripMs).toBeCloseTo(12)
    expect(reading.jitterMs).toBeCloseTo(4)
  })

  it('show no rate at the first look', () => {
    const reading = readingOf(takeSample([video(), audio(), ...rest], 1000), undefined)
    expect(reading.bitrateBps).toBeUndefined()
    expect(reading.lossRatio).toBeUndefined()
    expect(reading.framesDecoded).toBe(60)
  })

  it('show no rate when a new connection began to count from zero', () => {
    const before = takeSample([video({ bytesReceived: 9_000_000 })], 1000)
    expect(readingOf(takeSample([video()], 2000), before).bitrateBps).toBeUndefined()
  })

  it('take the jitter buffer of the audio where there is no video', () => {
    const before = takeSample([audio(), ...rest], 0)
    const after = takeSample([audio({ jitterBufferDelay: 1920, jitterBufferEmittedCount: 96_000 }), ...rest], 1000)
    const reading = readingOf(after, before)
    expect(reading.jitterBufferMs).toBeCloseTo(20)
    expect(reading.codecs).toBe('Opus')
    expect(reading.width).toBeUndefined()
  })

  it('survive an empty report', () => {
    expect(readingOf(takeSample([], 0), undefined)).toEqual({
      codecs: '',
      packetsLost: 0,
      framesDropped: 0,
      framesDecoded: 0,
    })
  })
})
