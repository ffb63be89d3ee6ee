import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { errorKinds } from '../../../src/lib/base/errors.ts'
import { readIceServers } from '../../../src/lib/protocol/ice-links.ts'
import { fetchInfo } from '../../../src/web/home/server-info.ts'
import { failureOfAnswer, failureOfClose, failureOfNote } from '../../../src/web/player/failure.ts'
import { readingOf, type StatsEntry, takeSample } from '../../../src/web/player/stats.ts'
import { readAnswerError } from '../../../src/web/shared/answer.ts'
import { formatBitrate, formatCodec, formatTime, shortContent, speakTime } from '../../../src/web/shared/format.ts'
import { plainText } from '../../../src/web/shared/plain-text.ts'
import { parseRecent, withItem } from '../../../src/web/shared/recent-items.ts'

/** Names that every object of JavaScript has: nobody may come upon them by a name of his own. */
const inherited = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf']

afterEach(() => vi.unstubAllGlobals())

describe('a name that others chose', () => {
  it.each(inherited)('is a code like any other that is not known: %s', (code) => {
    expect(failureOfAnswer({ status: 418, code })).toMatchObject({ title: 'Something went wrong', code })
    expect(failureOfNote({ code, message: 'm', hint: 'h' })).toMatchObject({ hint: 'h', code })
    expect(failureOfClose(code)).toBeUndefined()
  })

  it.each(inherited)('is a codec like any other that is not known: %s', (name) => {
    expect(formatCodec(name)).toBe(name.toUpperCase())
  })
})

describe('the error in an answer', () => {
  it('never throws, and is bounded', () => {
    const fields = fc.record(
      {
        code: fc.jsonValue(),
        detail: fc.jsonValue(),
        message: fc.jsonValue(),
        error: fc.jsonValue(),
        hint: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fields.map((value) => JSON.stringify(value)),
        ),
        (body) => {
          const { message = 'x', hint = 'x' } = readAnswerError(body)
          for (const text of [message, hint]) {
            expect(text.length).toBeGreaterThan(0)
            expect(text.length).toBeLessThanOrEqual(500)
          }
        },
      ),
    )
  })

  it('prefers what explains to what names', () => {
    const body = (of: object) => readAnswerError(JSON.stringify(of)).message
    expect(body({ detail: 'a', message: 'b', error: 'c' })).toBe('a')
    expect(body({ detail: '', message: 'b', error: 'c' })).toBe('b')
    expect(body({ error: { message: 'inner' }, message: 'outer' })).toBe('inner')
    expect(body({ detail: '\n\n  first\nsecond' })).toBe('first')
  })

  it('lists at most five hundred files, and only of an answer that asks to choose', () => {
    const detail = `many:\n${Array.from({ length: 900 }, (_, at) => `  bafy/${at}`).join('\n')}`
    expect(readAnswerError(JSON.stringify({ code: 'AMBIGUOUS_CONTENT', detail })).files).toHaveLength(500)
    expect(readAnswerError(JSON.stringify({ code: 'NOT_MEDIA', detail })).files).toBeUndefined()
  })

  it('makes no message of a long text', () => {
    expect(readAnswerError('x'.repeat(300))).toEqual({})
    expect(readAnswerError(`  ${'x'.repeat(299)}\n`).message).toHaveLength(299)
  })
})

describe('a failure', () => {
  it('has words for every answer there can be', () => {
    const status = fc.integer({ min: 100, max: 599 })
    const code = fc.option(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(errorKinds), ...inherited)), {
      nil: undefined,
    })
    fc.assert(
      fc.property(status, code, (answered, named) => {
        const failure = failureOfAnswer({ status: answered, ...(named === undefined ? {} : { code: named }) })
        for (const text of [failure.title, failure.detail, failure.hint]) expect(text).toMatch(/\w{3}/)
        expect(failure.files).toBeUndefined()
        expect(['temporary', 'final', 'token']).toContain(failure.kind)
      }),
    )
  })

  it('goes by the code, and by the status where the code is not known', () => {
    expect(failureOfAnswer({ status: 503, code: 'NOT_MEDIA' }).kind).toBe('final')
    expect(failureOfAnswer({ status: 503, code: 'SOMETHING' })).toMatchObject({ kind: 'temporary', code: 'SOMETHING' })
  })
})

describe('numbers as the pages write them', () => {
  it('times are never anything but digits', () => {
    const any = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY))
    fc.assert(
      fc.property(any, (seconds) => {
        expect(formatTime(seconds)).toMatch(/^\d[\de+.]*(:\d\d){1,2}$/)
        expect(speakTime(seconds)).not.toMatch(/NaN|Infinity/)
      }),
    )
    expect([formatTime(59.999), formatTime(3600), speakTime(7200), speakTime(62)]).toEqual([
      ...['0:59', '1:00:00', '2 hours', '1 minute 2 seconds'],
    ])
  })

  it('rates have three digits at the most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_000_000 }), (bps) => {
        expect(formatBitrate(bps).replaceAll(/\D/g, '').length).toBeLessThanOrEqual(3)
      }),
    )
    expect([949_999, 950_000, 9_949_999, 9_950_000].map(formatBitrate)).toEqual([
      ...['950 kbps', '0.9 Mbps', '9.9 Mbps', '10 Mbps'],
    ])
  })

  it('content is named by its file, else by the ends of its CID', () => {
    expect(shortContent('bafy/dir/')).toBe('dir')
    expect(shortContent('ipns/docs.ipfs.tech')).toBe('docs.ipfs.tech')
    expect(shortContent('')).toBe('')
    expect(shortContent('x'.repeat(20))).toBe('x'.repeat(20))
    expect(shortContent('x'.repeat(21))).toHaveLength(16)
  })
})

describe('plain text', () => {
  it('has nothing that commands, hides or turns, and stays as it is when made plain again', () => {
    const nasty = fc.constantFrom(
      ...'\u0000\u0007\u001b\u007f\u0085\u200b\u200f\u202e\u2066\u2028\ufeff\ue000\ud800'.split(''),
    )
    const text = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string())).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (hostile) => {
        const shown = plainText(hostile)
        expect(shown).not.toMatch(/[^\P{Cc}\t\n]|[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(plainText(shown)).toBe(shown)
        expect(shown.length).toBeLessThanOrEqual(hostile.length)
      }),
    )
  })

  it('does not let marks be piled up', () => {
    expect(plainText(`a${'\u0301'.repeat(50)}b`)).toBe('a\u0301\u0301b')
  })
})

describe('what was stored as recent', () => {
  it.each([
    [
      { content: 'c', atMs: 1, name: { is: 'no text' } },
      { content: 'c', atMs: 1 },
    ],
    [
      { content: 'c', atMs: 1, durationS: '9' },
      { content: 'c', atMs: 1 },
    ],
    [
      { content: 'c', atMs: 1, other: 'thing' },
      { content: 'c', atMs: 1 },
    ],
    [{ content: '', atMs: 1 }, undefined],
    [{ content: 'c', atMs: '1' }, undefined],
  ])('%j is %j', (stored, item) => expect(parseRecent(JSON.stringify([stored]))).toEqual(item ? [item] : []))

  it('is what it was after it has been stored and read', () => {
    const item = fc.record(
      { content: fc.string({ minLength: 1 }), atMs: fc.nat(), name: fc.string(), durationS: fc.nat() },
      { requiredKeys: ['content', 'atMs'] },
    )
    fc.assert(
      fc.property(fc.array(item), (all) => {
        const items = all.reduce<ReturnType<typeof parseRecent>>(withItem, [])
        expect(parseRecent(JSON.stringify(items))).toEqual(items)
      }),
    )
  })

  it('survives everything', () => {
    fc.assert(fc.property(fc.json(), (text) => void expect(parseRecent(text).length).toBeLessThanOrEqual(12)))
  })
})

describe('what the server says about itself', () => {
  const infoOf = (answer: () => Response) => {
    vi.stubGlobal('fetch', async () => answer())
    return fetchInfo('')
  }

  it('is taken by name, and nothing but texts', async () => {
    const raw = { version: '1', node_id: 'n', encoder: '', content_store: 7, sample: { cid: 'bafy' } }
    expect(await infoOf(() => Response.json(raw))).toEqual({ info: { version: '1', nodeId: 'n', sampleCid: 'bafy' } })
    expect(await infoOf(() => Response.json({ sample_cid: 'a', sample: { cid: 'b' } }))).toEqual({
      info: { sampleCid: 'a' },
    })
  })

  it.each([
    [() => new Response('', { status: 401 }), { needsToken: true }],
    [() => new Response('', { status: 503 }), { info: {} }],
    [() => Response.json(null), { info: {} }],
    [() => new Response('<html>'), { info: {} }],
    [() => Response.error(), { info: {} }],
  ])('%s is %j', async (answer, expected) => expect(await infoOf(answer)).toEqual(expected))

  it('is nothing where nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')))
    expect(await fetchInfo('')).toEqual({ isGone: true })
  })
})

describe('what the browser measured', () => {
  const counter = fc.nat({ max: 1e6 })
  const inbound = (kind: string) =>
    fc
      .record({
        ...{ bytesReceived: counter, packetsReceived: counter, packetsLost: fc.integer({ min: -1000, max: 1e6 }) },
        ...{
          framesDecoded: counter,
          framesDropped: counter,
          jitterBufferDelay: counter,
          jitterBufferEmittedCount: counter,
        },
      })
      .map((fields): StatsEntry => ({ id: kind, type: 'inbound-rtp', kind, ...fields }))
  const looks = fc.array(fc.tuple(inbound('video'), inbound('audio')), { minLength: 2, maxLength: 5 })

  it('is never less than nothing, whatever the counters do', () => {
    fc.assert(
      fc.property(looks, (all) => {
        const samples = all.map((entries, at) => takeSample(entries, at * 1000))
        for (const [at, sample] of samples.entries()) {
          const reading = readingOf(sample, samples[at - 1])
          for (const [name, value] of Object.entries(reading))
            if (typeof value === 'number') expect(value, name).toBeGreaterThanOrEqual(0)
          expect(reading.lossRatio ?? 0).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('has no rates between two looks of the same moment', () => {
    const sample = takeSample([], 5)
    expect(readingOf(sample, sample)).not.toHaveProperty('bitrateBps')
  })

  it('takes the pair that is used, in the words of each browser', () => {
    const pairs = (more: object): StatsEntry[] => [
      { id: 'p1', type: 'candidate-pair', currentRoundTripTime: 1 },
      { id: 'p2', type: 'candidate-pair', currentRoundTripTime: 2, ...more },
    ]
    const timeOf = (...entries: StatsEntry[]) => takeSample(entries, 0).roundTripTimeS
    expect(timeOf(...pairs({ selected: true }))).toBe(2)
    expect(timeOf(...pairs({ nominated: true }))).toBe(2)
    expect(timeOf(...pairs({}), { id: 't', type: 'transport', selectedCandidatePairId: 'p1' })).toBe(1)
    expect(timeOf(...pairs({ selected: 'yes' }))).toBeUndefined()
  })

  it('does not take a text for a number', () => {
    const entry = { id: 'v', type: 'inbound-rtp', kind: 'video', bytesReceived: '9', frameWidth: null, codecId: 7 }
    expect(takeSample([entry], 0)).toMatchObject({ bytesReceived: 0 })
    expect(takeSample([entry], 0)).not.toHaveProperty('width')
  })
})

describe('a hostile header', () => {
  it('is read as far as a header of a server goes, and no further', () => {
    const server = '<stun:a>; rel="ice-server"'
    expect(readIceServers(`${' '.repeat(16_000)}${server}`)).toEqual([{ urls: 'stun:a' }])
    expect(readIceServers(`${server}, ${' '.repeat(16_384)}${server}`)).toEqual([{ urls: 'stun:a' }])
  })

  it('takes only servers of STUN and TURN', () => {
    const link = ['javascript:x', 'http://h', 'stunt:h', 'TURNS:h']
      .map((url) => `<${url}>; rel="ice-server"`)
      .join(', ')
    expect(readIceServers(link)).toEqual([{ urls: 'TURNS:h' }])
  })
})
