import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { outputOptions } from '../../../src/commands/test-client/output-options.ts'
import { openOutputs } from '../../../src/commands/test-client/outputs.ts'
import { summaryText } from '../../../src/commands/test-client/summary.ts'
import type { Io } from '../../../src/lib/base/io.ts'
import { resolveOptions } from '../../../src/lib/base/options.ts'
import type { LoadRun } from '../../../src/lib/load/load-options.ts'
import { loadResult } from '../../../src/lib/protocol/load-result.ts'
import { loadMoment, loadRun, loadSession, loadSessions, lostSession } from '../../support/load-run.ts'
import { createTestIo } from '../../support/test-io.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'mcpx-outputs-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
})

interface Flags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly [key: string]: unknown
}

async function open({ json = false, quiet = false, ...flags }: Flags = {}, overrides: Partial<Io> = {}, totalS = 25) {
  const io = createTestIo([], { cwd, ...overrides })
  const { values } = resolveOptions(outputOptions, { flags })
  return { io, ...(await openOutputs({ ...values, json, quiet }, { io, totalS })) }
}

const good = loadRun(loadSessions(20))
const never = () => {
  throw new Error('nobody asked for an end')
}
const read = (name: string) => readFileSync(join(cwd, name), 'utf8')

describe('what cannot be done is said before anything starts', () => {
  const refused = (flags: Flags) => expect(open(flags)).rejects

  it('a threshold that is none, with near names', async () => {
    await refused({ threshold: ['failed==0', 'startpu_p95<3s'] }).toMatchObject({
      ...{ code: 'INVALID_OPTION', exit: 2 },
      message: expect.stringContaining(
        '--threshold "startpu_p95<3s": there is no figure "startpu" (did you mean "startup"?)',
      ),
    })
    await refused({ abortOnFail: true }).toThrow('--abort-on-fail: there is no --threshold')
  })

  it('a file that cannot be written', async () => {
    mkdirSync(join(cwd, 'folder'))
    await refused({ html: 'none/a.html' }).toThrow(/^--html none\/a\.html: ENOENT/)
    await refused({ junit: 'folder' }).toThrow('--junit folder: it is a folder')
    await refused({ html: 'a', saveBaseline: 'a' }).toThrow('--save-baseline a: --html names the same file')
    await refused({ html: 'a', junit: './a' }).toThrow('--junit ./a: --html names the same file')
    expect(readdirSync(cwd)).toEqual(['folder'])
  })

  it('a baseline that cannot be read, and a tolerance that is none', async () => {
    await refused({ compareBaseline: 'none.json' }).toThrow('--compare-baseline none.json: there is no such file')
    writeFileSync(join(cwd, 'old.json'), '{"version":0}')
    await refused({ compareBaseline: 'old.json' }).toThrow('it has version 0')
    expect(() => resolveOptions(outputOptions, { flags: { baselineTolerance: '-1' } })).toThrow('--baseline-tolerance')
  })
})

describe('while it runs', () => {
  const moments = (count: number) => Array.from({ length: count }, (_, at) => loadMoment(at + 1))

  it('there is a line every 5 s where lines stay', async () => {
    const { io, onMoment } = await open()
    for (const moment of moments(25)) expect(onMoment({ ...moment, atS: moment.atS + 0.02 }, never)).toBeUndefined()
    const lines = io.stderr().trim().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[1]).toBe(
      '0:10 of 0:25, 0:15 left  sessions 20  watching 20  failed 0  freezes 0  19.73 Mbps  loss 0.1 %  own lag p99 3 ms',
    )
    expect(io.stdout()).toBe('')
  })

  it('there are 60 lines of a long run, and none where it is to be quiet', async () => {
    const long = await open({}, {}, 3600)
    const quiet = await open({ quiet: true }, {}, 3600)
    for (const moment of moments(3600)) {
      long.onMoment(moment, never)
      quiet.onMoment(moment, never)
    }
    expect(long.io.stderr().trim().split('\n')).toHaveLength(60)
    expect(quiet.io.stderr()).toBe('')
  })

  it('a terminal has a panel that is drawn over, within its width', async () => {
    const { io, onMoment } = await open({}, { stderrIsTty: true, columns: 40, env: { TERM: 'xterm' } })
    onMoment(loadMoment(1, { bitrateKbps: 100 }), never)
    onMoment(loadMoment(12, { bitrateKbps: 800, lossRatio: null, lagP99Ms: null }), never)
    const [first, second] = io.stderr().split('\u001B[4A')
    const lines = (text: string) => text.replaceAll('\r\u001B[2K', '').trimEnd().split('\n')
    expect(lines(first!)).toHaveLength(4)
    expect(lines(second!)).toEqual(
      [
        '[=============>                ] 0:12 of',
        'sessions 20  watching 20  failed 0  fre',
        '▁█                             800 kbps',
        'loss unknown  own lag unknown',
      ].map((line) => line.slice(0, 39)),
    )
    const dumb = await open({}, { stderrIsTty: true, env: { TERM: 'dumb' } })
    dumb.onMoment(loadMoment(5), never)
    expect(dumb.io.stderr()).not.toContain('\u001B')
  })

  it('ends as soon as a threshold has failed for good, and that stays its verdict', async () => {
    const { io, onMoment, finish } = await open({ threshold: ['failed==0', 'startup_max<1s'], abortOnFail: true })
    expect(onMoment(loadMoment(1), () => good)).toBe(false)
    const waiting = loadSession(20, { outcome: 'interrupted', plannedS: 0, endedS: 2, startupMs: null, watchedS: 0 })
    expect(onMoment(loadMoment(2), () => loadRun([...good.sessions, waiting]))).toBe(true)
    expect(onMoment(loadMoment(3), never)).toBeUndefined()
    expect(await finish({ ...good, outcome: 'aborted' })).toBe(99)
    expect(io.stdout()).toContain('FAILED   startup_max<1s: 2000 ms')
    expect(io.stdout()).toContain('passed   failed==0: 0')
    const other = await open({ threshold: ['failed==0'] })
    expect(other.onMoment(loadMoment(2), never)).toBeUndefined()
  })
})

describe('at the end', () => {
  const lines = (text: string) => text.trimEnd().split('\n')

  it('says what was measured and what that means', async () => {
    const { io, finish } = await open({ threshold: ['failed==0', 'startup_p95<3000ms', 'loss_p99<0.01%'] })
    expect(await finish(good)).toBe(99)
    const said = io.stdout()
    expect(said).toContain('20 viewers, steady, at http://127.0.0.1:8080/\n')
    expect(said).toMatch(/│ startup ms +│ +221 │ +242 │ +248 │ +249 │ +249 │ [ ▁▂▃▄▅▆▇█]{10} │/)
    expect(lines(said).slice(-6)).toEqual([
      'passed   the run came to its end: complete, after 25.0 s',
      'passed   viewers connected: 20 of 20 sessions',
      'passed   the tool kept up: own lag p99 3.2 ms, 0.4 cores',
      'passed   failed==0: 0',
      'passed   startup_p95<3000ms: 248 ms',
      'FAILED   loss_p99<0.01%: 0.0909 %',
    ])
    expect(said).not.toContain('TRUSTED')
    expect(io.stderr()).toBe('')
  })

  it('is one line of JSON with --json, and what failed stands on stderr', async () => {
    const tool = { ...good.tool, trusted: false, reasons: ['own lag p99 40 ms'] }
    const { io, finish } = await open({ json: true, threshold: ['failed==0', 'startup_p95<1ms'] })
    expect(await finish({ ...good, tool })).toBe(99)
    expect(lines(io.stdout())).toHaveLength(1)
    expect(loadResult.parse(JSON.parse(io.stdout()))).toMatchObject({
      version: 1,
      tool: { trusted: false },
      thresholds: [
        { threshold: 'failed==0', value: 0, passed: true },
        { threshold: 'startup_p95<1ms', value: 248, passed: false },
      ],
    })
    expect(io.stderr()).toMatch(
      /^!{80}\nNOT TO BE TRUSTED: .*\nown doing\.\n- own lag p99 40 ms\n!{80}\nFAILED {3}startup_p95<1ms: 248 ms\n$/,
    )
  })

  it('keeps what was measured of a run that did not come to its end', async () => {
    for (const [outcome, code] of [
      ['server-gone', 3],
      ['interrupted', 130],
    ] as const) {
      const { io, finish } = await open({ threshold: ['startup_p95<1ms'], html: 'a.html', junit: 'a.xml' })
      expect(await finish({ ...good, outcome })).toBe(code)
      expect(io.stdout()).toContain(
        `FAILED   the run came to its end: ${outcome === 'server-gone' ? 'the server was gone' : 'interrupted'}`,
      )
      expect(read('a.html')).toContain(outcome === 'server-gone' ? 'the server was gone' : 'interrupted')
      expect(read('a.xml')).toContain('failures="2"')
    }
  })

  it('saves a baseline of what passed, and holds later runs against it', async () => {
    expect(await (await open({ saveBaseline: 'base.json' })).finish(good)).toBe(0)
    const kept = read('base.json')
    expect(loadResult.parse(JSON.parse(kept)).sessions).toHaveLength(20)

    const slow = loadRun(loadSessions(20, (viewer) => ({ startupMs: 600 + viewer })))
    const flags = { compareBaseline: 'base.json', saveBaseline: 'base.json' }
    const worse = await open(flags)
    expect(await worse.finish(slow)).toBe(99)
    expect(worse.io.stdout()).toMatch(/│ startup ms +│ +221 │ +609 │ < 0\.0001 │ worse +│/)
    expect(lines(worse.io.stdout()).at(-1)).toBe(
      'FAILED   baseline startup: worse: median 221 ms before, 609 ms now, p < 0.0001',
    )
    expect(worse.io.stderr()).toBe('no baseline is saved of a run that failed: base.json is as it was\n')
    expect(read('base.json')).toBe(kept)
    expect(await (await open({ ...flags, baselineTolerance: '200' })).finish(slow)).toBe(0)
    expect(read('base.json')).not.toBe(kept)
    const other = await open({ compareBaseline: 'base.json' })
    expect(await other.finish(loadRun(loadSessions(10)))).toBe(0)
    expect(other.io.stdout()).toContain('- the number of viewers was another: 20 before, 10 now')
  })

  it('writes each file that it can, and fails of one that it cannot', async () => {
    mkdirSync(join(cwd, 'gone'))
    const { io, finish } = await open({ html: 'gone/a.html', junit: 'a.xml', threshold: ['failed==0'] })
    rmSync(join(cwd, 'gone'), { recursive: true })
    await expect(finish(good)).rejects.toThrow(/^--html gone\/a\.html: ENOENT/)
    expect(read('a.xml')).toContain('failed==0')
    expect(io.stdout()).toContain('passed   failed==0: 0')

    mkdirSync(join(cwd, 'gone'))
    const failing = await open({ html: 'gone/a.html', threshold: ['failed>0'] })
    rmSync(join(cwd, 'gone'), { recursive: true })
    expect(await failing.finish(good)).toBe(99)
    expect(failing.io.stderr()).toMatch(/^error: --html gone\/a\.html: ENOENT/)
    expect(readdirSync(cwd)).toEqual(['a.xml'])
  })
})

describe('the summary', () => {
  const hostile = (word: string): LoadRun => {
    const run = loadRun([
      ...loadSessions(3, () => ({ startupMs: 123_456, roundTripMs: 9999, bytes: 9e9 })),
      lostSession(3, { error: { code: 'PEER_TIMEOUT', message: word } }),
    ])
    const tool = { ...run.tool, trusted: false, reasons: [word] }
    return { ...run, tool, server: `http://${word}/`, plan: { ...run.plan, impairment: word } }
  }
  const drawn = (run: LoadRun, unicode = true) => summaryText({ ...run, thresholds: [] }, { unicode })

  it('fits 80 columns, whatever it has to say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), fc.boolean(), (word, unicode) => {
        for (const line of drawn(hostile(word), unicode).split('\n')) expect([...line].length).toBeLessThanOrEqual(80)
      }),
      { numRuns: 50 },
    )
  })

  it('says nothing that a terminal obeys, and is ASCII where the terminal is', () => {
    const said = drawn(hostile('\u001B[2J\nFAILED   faked'), false)
    expect(said).not.toMatch(/^FAILED {3}faked/m)
    expect(drawn(loadRun(loadSessions(5)), false)).toMatch(/^[\n\x20-\x7e]*$/)
  })

  it('says below an error what to do, and where to look when nobody connected', () => {
    const error = { code: 'CONTENT_NOT_FOUND', message: 'nobody has it' }
    const said = drawn(loadRun([lostSession(0, { error })]))
    expect(said).toMatch(/^1 x CONTENT_NOT_FOUND: nobody has it\n {4}Nobody reachable has it/m)
    expect(said).toContain('`mcpx check-connectivity <cid>` says')
    expect(drawn(loadRun([...loadSessions(1), lostSession(1, { error })]))).not.toContain('check-connectivity')
    expect(drawn(loadRun([lostSession(0, { error: { code: 'constructor', message: 'x' } })]))).toContain(
      '1 x constructor: x\n`mcpx',
    )
  })

  it('has something to say of a run in which nobody came', () => {
    expect(drawn(loadRun([]))).toContain('Nobody measured anything.')
    expect(drawn(loadRun([lostSession(0)]))).toMatch(/│ startup ms +│ never │ never │ never │ never │ never │/)
  })
})
