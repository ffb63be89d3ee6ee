import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LoadRun } from '../../../src/lib/load/load-options.ts'
import type { LoadResult } from '../../../src/lib/protocol/load-result.ts'
import { compareLoad } from '../../../src/lib/report/compare-load.ts'
import { judgeLoad, parseLoadThreshold } from '../../../src/lib/report/judge-load.ts'
import { renderLoadJunit } from '../../../src/lib/report/load-junit.ts'
import { exitOf, judgementsOf } from '../../../src/lib/report/load-verdicts.ts'
import { missingParts } from '../../support/e2e.ts'
import { loadRun, loadSessions, lostSession } from '../../support/load-run.ts'
import { parseXml, python, type XmlElement } from '../../support/xml.ts'

const result = (run: LoadRun, ...thresholds: string[]): LoadResult => ({
  ...run,
  thresholds: thresholds.map((text) => judgeLoad(run, parseLoadThreshold(text))),
})
const good = loadRun(loadSessions(20))
const doubtful = { ...good.tool, trusted: false, reasons: ['own lag p99 40 ms', '12 datagrams dropped'] }
const slow = loadRun(loadSessions(20, (viewer) => ({ startupMs: 900 + viewer })))
const compared = { ...result(slow), comparison: compareLoad(good, slow, { file: 'a.json', toleranceRatio: 0.1 }) }

const lostFor = (...codes: string[]): LoadRun =>
  loadRun(codes.map((code, at) => ({ ...lostSession(at), error: { code, message: 'no' } })))

describe('the exit code', () => {
  it.each<[string, LoadResult, number]>([
    ['without thresholds', result(good), 0],
    ['with thresholds that hold', result(good, 'failed==0', 'startup_p95<3000ms'), 0],
    ['with one that does not', result(good, 'failed==0', 'startup_p95<1ms'), 99],
    ['with one that does not, of a tool that was too slow', result({ ...good, tool: doubtful }, 'startup<1ms'), 99],
    ['with thresholds that hold, of a tool that was too slow', result({ ...good, tool: doubtful }, 'failed==0'), 0],
    ['worse than the baseline', compared, 99],
    ['ended early', result({ ...good, outcome: 'aborted' }, 'startup_p95<1ms'), 99],
    ['Ctrl-C', result({ ...good, outcome: 'interrupted' }, 'startup_p95<1ms'), 130],
    ['the server is gone', result({ ...good, outcome: 'server-gone' }, 'startup_p95<1ms'), 3],
    ['nobody connected', result(loadRun([lostSession(0)])), 3],
    ['nobody connected: what was named is no CID', result(lostFor('INVALID_CID')), 2],
    ['nobody connected: nobody has the content', result(lostFor('CONTENT_NOT_FOUND')), 1],
    ['nobody connected, for several reasons', result(lostFor('INVALID_CID', 'PEER_FAILED')), 3],
    ['nobody connected, for a reason of others', result(lostFor('constructor')), 3],
    ['nobody came', result(loadRun([])), 3],
  ])('%s', (_, one, code) => {
    expect(exitOf(one)).toBe(code)
    // What is shown as failed and the code agree.
    expect(judgementsOf(one).some(({ status }) => status === 'failed')).toBe(code !== 0)
  })
})

it('says what was measured beside each judgement', () => {
  const lost = loadRun([...loadSessions(3), lostSession(3)])
  expect(judgementsOf(result(lost, 'startup_p99<2s', 'startup_p50<2s', 'failureRate<5%', 'rtt_count>9'))).toEqual([
    { group: 'run', name: 'the run came to its end', status: 'passed', detail: 'complete, after 25.0 s' },
    { group: 'run', name: 'viewers connected', status: 'passed', detail: '3 of 4 sessions' },
    { group: 'run', name: 'the tool kept up', status: 'passed', detail: 'own lag p99 3.2 ms, 0.4 cores' },
    {
      group: 'threshold',
      name: 'startup_p99<2s',
      status: 'failed',
      detail: 'one waited for ever',
    },
    { group: 'threshold', name: 'startup_p50<2s', status: 'passed', detail: '207 ms' },
    { group: 'threshold', name: 'failureRate<5%', status: 'failed', detail: '25 %' },
    { group: 'threshold', name: 'rtt_count>9', status: 'failed', detail: '3' },
  ])
  const startup = judgementsOf(compared).find(({ name }) => name === 'startup')
  expect(startup).toMatchObject({ status: 'failed', detail: 'worse: median 221 ms before, 909 ms now, p < 0.0001' })
})

const missing = missingParts({ python3: python })

describe.skipIf(missing.length > 0)('JUnit XML, for a real parser', () => {
  const parse = (one: LoadResult) => parseXml([renderLoadJunit(one)])[0]!
  const casesOf = (root: XmlElement) => root.children[0]!.children.filter(({ name }) => name === 'testcase')

  it('has a case for each judgement, and sums that agree with them', () => {
    const root = parse(result({ ...good, tool: doubtful }, 'failed==0', 'startup_p95<1ms'))
    const sums = { name: 'mcpx test-client', tests: '5', failures: '1', errors: '0', time: '25.000' }
    expect([root.name, root.attributes]).toEqual(['testsuites', sums])
    expect(root.children[0]).toMatchObject({
      name: 'testsuite',
      attributes: { ...sums, skipped: '1', timestamp: '2026-11-28T05:00:00' },
    })
    expect(casesOf(root).map(({ attributes, children }) => [attributes.classname, attributes.name, children])).toEqual([
      ['mcpx test-client.run', 'the run came to its end', []],
      ['mcpx test-client.run', 'viewers connected', []],
      [
        'mcpx test-client.run',
        'the tool kept up',
        [
          expect.objectContaining({
            name: 'skipped',
            attributes: { message: 'not to be trusted: own lag p99 40 ms; 12 datagrams dropped' },
          }),
        ],
      ],
      ['mcpx test-client.threshold', 'failed==0', []],
      [
        'mcpx test-client.threshold',
        'startup_p95<1ms',
        [
          {
            name: 'failure',
            attributes: { message: 'startup_p95<1ms: 248 ms', type: 'threshold' },
            ...{ text: '248 ms', children: [] },
          },
        ],
      ],
    ])
  })

  it('is what the schema of Jenkins allows (junit-10.xsd)', () => {
    const sums = ['name', 'tests', 'failures', 'errors', 'time']
    const allowed: Record<string, { attributes: string[]; children: string[] }> = {
      testsuites: { attributes: sums, children: ['testsuite'] },
      testsuite: { attributes: [...sums, 'skipped', 'timestamp'], children: ['testcase', 'system-out'] },
      testcase: { attributes: ['name', 'time', 'classname'], children: ['skipped', 'failure'] },
      failure: { attributes: ['type', 'message'], children: [] },
      skipped: { attributes: ['type', 'message'], children: [] },
      'system-out': { attributes: [], children: [] },
    }
    const check = ({ name, attributes, children }: XmlElement) => {
      const rule = allowed[name]!
      expect(Object.keys(attributes).filter((one) => !rule.attributes.includes(one))).toEqual([])
      expect(children.filter((one) => !rule.children.includes(one.name))).toEqual([])
      if ('time' in attributes) expect(attributes.time).toMatch(/^\d+\.\d{3}$/)
      for (const child of children) check(child)
    }
    check(parse({ ...compared, tool: doubtful, outcome: 'server-gone' }))
  })

  it('keeps what anybody wrote as text, and nothing that XML does not know', () => {
    const messages = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 300, seed: 4 })
    const hostile = [
      '</system-out><testcase name="x"/>',
      ']]>',
      '&lol;',
      '\u0000\u0008\u001b[31m',
      '\uFFFE\uFFFF',
      '\uD800',
    ]
    const documents = [...messages, ...hostile].map((message) => {
      const run = loadRun([lostSession(0, { error: { code: 'X', message } })])
      return result({ ...run, server: message, tool: { ...doubtful, reasons: [message] } })
    })
    for (const root of parseXml(documents.map(renderLoadJunit))) {
      expect(casesOf(root)).toHaveLength(3)
      expect(root.children[0]!.children).toHaveLength(4)
      expect(root.children[0]!.children.at(-1)!.text).toContain('1 × X: ')
    }
  })

  it('can be read as broken: the parser is a real one', () => {
    expect(() => parseXml(['<a>\u0001</a>'])).toThrow('ParseError')
    expect(() => parseXml(['<a>'])).toThrow('ParseError')
  })
})
