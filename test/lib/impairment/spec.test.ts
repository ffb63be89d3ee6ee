import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { presetNames } from '../../../src/lib/impairment/presets.ts'
import { type ImpairmentTexts, parseImpairment } from '../../../src/lib/impairment/spec.ts'

const trace = [5, 9, 12]
const texts = (given: string | ImpairmentTexts): ImpairmentTexts => ({
  readTrace: () => trace,
  ...(typeof given === 'string' ? { base: given } : given),
})
const parse = (given: string | ImpairmentTexts) => parseImpairment(texts(given))
const first = (given: string | ImpairmentTexts) => parse(given).steps[0]!

function refusal(given: string | ImpairmentTexts): string {
  try {
    parse(given)
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string }
    expect(code).toBe('INVALID_OPTION')
    return `${message} | ${hint}`
  }
  throw new Error(`not refused: ${JSON.stringify(given)}`)
}

describe('--impair', () => {
  it('holds both ways', () => {
    const { up, down, atMs } = first('rate=1mbps,delay=80ms,jitter=20ms,loss=2%,queue=100ms,burst-loss=3')
    expect(atMs).toBe(0)
    expect(up).toEqual({ rateBps: 1e6, delayMs: 80, jitterMs: 20, lossRatio: 0.02, queueMs: 100, burstLength: 3 })
    expect(down).toEqual(up)
  })

  it('names a way, and that wins over what does not, in whatever order', () => {
    const expected = { up: { rateBps: 5e5, lossRatio: 0.07 }, down: { rateBps: 2e6 } }
    expect(first('rate=2mbps,up.rate=500kbps,up.loss=7%')).toMatchObject(expected)
    expect(first('UP.loss=7%, up.rate = 0.5Mbps , rate=2000 kbps')).toMatchObject(expected)
    expect(first('down.delay=1.5s').down).toEqual({ delayMs: 1500 })
  })

  it('takes a trace for the way down, or for the one that is named', () => {
    expect(first('trace=x.down,up.rate=1mbps')).toMatchObject({ down: { trace }, up: { rateBps: 1e6 } })
    expect(first('up.trace=x.up,queue=50ms,trace=y')).toMatchObject({
      up: { trace, queueMs: 50 },
      down: { trace, queueMs: 50 },
    })
  })

  it('reads a trace that is named often once, and keeps it one', () => {
    let reads = 0
    const readTrace = () => {
      reads++
      return [...trace]
    }
    const { steps } = parseImpairment({ base: 'trace=a,up.trace=a', at: ['5s:delay=3ms'], readTrace })
    expect(reads).toBe(1)
    expect(structuredClone(steps)[1]!.down.trace).toEqual(trace)
    expect(steps[1]!.down.trace).toBe(steps[0]!.up.trace)
  })

  it('knows paths by name, and lays over them what follows', () => {
    expect(first('lte')).toMatchObject({ up: { rateBps: 12e6, delayMs: 35 }, down: { rateBps: 12e6, delayMs: 35 } })
    expect(first('3g,rate=1mbps,loss=5%')).toMatchObject({
      up: { rateBps: 1e6, delayMs: 150, lossRatio: 0.05 },
      down: { rateBps: 1e6, lossRatio: 0.05 },
    })
    expect(first('lte,trace=x').down).toEqual({ trace, delayMs: 35 })
    expect(first('bad-wifi,loss=none').up).toEqual({ rateBps: 5e6, delayMs: 5, jitterMs: 40 })
    expect(first('lte,rate=none').up).toEqual({ delayMs: 35 })
    for (const name of presetNames) expect(parse(name).text).toBe(name)
  })

  it('makes a gap of three seconds', () => {
    expect(parse('offline-3s').steps).toEqual([
      { atMs: 0, up: {}, down: {} },
      { atMs: 10_000, up: { isOffline: true }, down: { isOffline: true } },
      { atMs: 13_000, up: {}, down: {} },
    ])
    const gap = parse({ base: 'delay=5ms', at: ['2s:offline-3s,up.loss=1%'] }).steps
    expect(gap.map(({ atMs, up }) => [atMs, up])).toEqual([
      [0, { delayMs: 5 }],
      [2000, { delayMs: 5, lossRatio: 0.01, isOffline: true }],
      [5000, { delayMs: 5, lossRatio: 0.01 }],
    ])
  })

  it('cuts one way only', () => {
    expect(first('up.offline')).toEqual({ atMs: 0, up: { isOffline: true }, down: {} })
  })

  it('keeps what was asked for, in words that a terminal may show', () => {
    expect(parse({ base: 'lte', at: ['2s:loss=1%'] }).text).toBe('lte 2s:loss=1%')
  })

  it('is nothing where nothing is said', () => {
    expect(parse({})).toEqual({ text: '', steps: [{ atMs: 0, up: {}, down: {} }] })
  })
})

describe('--impair-at', () => {
  it('changes what it names, from then on', () => {
    const { steps } = parse({
      base: 'rate=4mbps,delay=30ms,queue=200ms',
      at: ['28s:rate=4mbps', '12s:rate=500kbps', '12s:up.loss=3%', '1.5m:queue=none'],
    })
    expect(steps.map(({ atMs, up, down }) => [atMs, up.rateBps, up.lossRatio, down.lossRatio, up.queueMs])).toEqual([
      [0, 4e6, undefined, undefined, 200],
      [12_000, 5e5, 0.03, undefined, 200],
      [28_000, 4e6, 0.03, undefined, 200],
      [90_000, 4e6, 0.03, undefined, undefined],
    ])
  })

  it('begins afresh with a preset', () => {
    const { steps } = parse({ base: 'delay=1s,loss=4%', at: ['5s:lte', '6s:offline', '7s:online'] })
    expect(steps.map(({ down }) => down)).toEqual([
      { delayMs: 1000, lossRatio: 0.04 },
      { rateBps: 12e6, delayMs: 35 },
      { rateBps: 12e6, delayMs: 35, isOffline: true },
      { rateBps: 12e6, delayMs: 35 },
    ])
  })

  it('takes along what depended on what is no more', () => {
    const { steps } = parse({
      base: 'rate=1mbps,queue=50ms,loss=10%,burst-loss=2',
      at: ['1s:rate=none', '2s:loss=0%', '3s:trace=x', '4s:rate=2mbps'],
    })
    expect(steps.map(({ down }) => down).slice(1)).toEqual([
      { lossRatio: 0.1, burstLength: 2 },
      {},
      { trace },
      { rateBps: 2e6 },
    ])
  })

  it('may replace what holds from the begin', () => {
    expect(parse({ base: 'delay=5ms', at: ['0s:delay=6ms'] }).steps).toEqual([
      { atMs: 0, up: { delayMs: 6 }, down: { delayMs: 6 } },
    ])
  })
})

describe('what is no impairment', () => {
  it.each<[string | ImpairmentTexts, string]>([
    ['ratte=3mbps', '"ratte" (did you mean "rate"?)'],
    ['bad-wify', '"bad-wify" (did you mean "bad-wifi"?)'],
    ['burstloss=3', 'did you mean "burst-loss"?'],
    ['left.rate=1mbps', 'the ways are up. and down.'],
    ['__proto__', 'there is no "__proto__"'],
    ['constructor=3', 'there is no "constructor"'],
    ['offline=3s', 'there is no "offline"'],
    ['rate=3', 'rate 3 has no unit: bps, kbps, mbps, gbps, as in rate=1mbps'],
    ['loss=0.02', 'loss 0.02 has no unit: %, as in loss=2%'],
    ['delay=3kbps', 'delay is not measured in "kbps": ms, s'],
    ['burst-loss=3ms', 'burst-loss is a number of packets'],
    ['rate=fast', 'rate "fast" is not a number'],
    ['rate=-1mbps', 'rate "-1mbps" is not a number'],
    ['rate=1e9bps', 'is not a number'],
    ['rate=constructor', 'is not a number'],
    ['rate=5constructor', 'not measured in "constructor"'],
    ['rate=', 'rate needs a value'],
    ['rate', 'rate needs a value, as in rate=1mbps'],
    ['trace', 'trace needs a file'],
    ['rate=1mbps,rate=2mbps', '"rate" is given twice'],
    ['up.loss=1%,up.loss=1%', '"loss" is given twice'],
    ['trace=a,down.trace=b', '"trace" is given twice'],
    ['offline,online', '"offline" is given twice'],
    ['offline-3s,offline-3s', '"offline-3s" is given twice'],
    ['rate=1mbps,trace=x', 'rate and trace are both given for the way down'],
    ['up.rate=1mbps,up.trace=x', 'rate and trace are both given for the way up | '],
    ['burst-loss=3', 'the way up has no loss'],
    ['up.loss=2%,burst-loss=3', 'the way down has no loss'],
    ['loss=0%,burst-loss=3', 'has no loss'],
    ['loss=90%,burst-loss=2', 'burst-loss 2 is impossible with a loss of 90 %: bursts are then at least 9 packets'],
    ['loss=100%,burst-loss=2', 'with a loss of 100 % there are no bursts'],
    ['loss=1%,burst-loss=0', 'out of range'],
    ['queue=100ms', 'a queue needs a rate or a trace, and the way up has neither'],
    ['trace=x,queue=100ms', 'and the way up has neither'],
    ['loss=101%', 'loss 101% is out of range (0 % to 100 %)'],
    ['rate=1bps', 'rate 1bps is out of range (1 kbps to 1 gbps)'],
    ['rate=2gbps', 'out of range'],
    ['delay=11s', 'out of range'],
    ['rate=1mbps,queue=0ms', 'out of range'],
    ['rate=1gbps,delay=9s', 'holds more than'],
    ['', 'nothing at all'],
    ['rate=1mbps,', 'nothing between two commas'],
    ['rate=1mbps,lte', 'the preset "lte" does not stand first'],
    ['x'.repeat(2000), 'longer than 1000 characters'],
    [{ at: ['rate=1mbps'] }, 'it reads <time>:<conditions>, as 20s:rate=300kbps'],
    [{ at: ['20:rate=1mbps'] }, 'it reads <time>'],
    [{ at: ['-1s:rate=1mbps'] }, 'it reads <time>'],
    [{ at: ['25h:rate=1mbps'] }, 'more than a day'],
    [{ at: ['5s:'] }, '--impair-at "5s:"'],
    [{ base: 'lte', at: ['5s:loss=1%', '7s:burst-loss=1000%'] }, '--impair-at "7s:burst-loss=1000%"'],
    [{ base: 'loss=60%,burst-loss=2', at: ['5s:loss=80%'] }, '--impair-at "5s:loss=80%": burst-loss 2 is impossible'],
  ])('%j is refused: %s', (given, words) => {
    expect(refusal(given)).toContain(words)
  })

  it('is told by two rates that are no rates for one way how to write it', () => {
    expect(refusal('rate=1mbps,trace=x')).toContain('up.rate=1mbps,down.trace=file')
  })

  it('never shows a terminal what it would obey', () => {
    expect(refusal('\u001b[2Jx=3')).not.toContain('\u001b')
  })

  const word = fc.oneof(
    fc.constantFrom(
      'rate',
      'trace',
      'queue',
      'delay',
      'jitter',
      'loss',
      'burst-loss',
      'offline',
      'online',
      'up.',
      'down.',
    ),
    fc.constantFrom(
      ...presetNames,
      '=',
      ',',
      ':',
      '5s:',
      'none',
      '1mbps',
      '20ms',
      '3%',
      '3',
      '0',
      '100%',
      '1e3',
      ' ',
      '\0',
    ),
    fc.string({ maxLength: 5 }),
  )
  const text = fc.array(word, { maxLength: 12 }).map((parts) => parts.join(''))

  it('is refused as an option, or gives conditions that hold together', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (base, at) => {
        try {
          const { steps } = parse({ base, at })
          expect(steps[0]!.atMs).toBe(0)
          for (const [i, { atMs, up, down }] of steps.entries()) {
            if (i > 0) expect(atMs).toBeGreaterThan(steps[i - 1]!.atMs)
            for (const { rateBps, trace: lines, queueMs, lossRatio = 0, burstLength } of [up, down]) {
              expect(rateBps !== undefined && lines !== undefined).toBe(false)
              if (queueMs !== undefined) expect(rateBps ?? lines).toBeDefined()
              if (burstLength !== undefined) expect(burstLength).toBeGreaterThanOrEqual(lossRatio / (1 - lossRatio))
            }
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_OPTION' })
        }
      }),
      { seed: 17, numRuns: 3000 },
    )
  })
})
