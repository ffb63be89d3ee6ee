import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesText, listText, reportText, wrapped } from '../../../src/commands/check-connectivity/view.ts'
import type { CheckResult } from '../../../src/lib/model/check.ts'
import type { ChecksReport } from '../../../src/lib/protocol/checks.ts'

const result = (more: Partial<CheckResult> = {}): CheckResult => ({
  check: 'disk',
  group: 'machine',
  title: 'Disk',
  where: 'server',
  status: 'pass',
  detail: 'room',
  elapsedMs: 12,
  ...more,
})
const report = (results: readonly CheckResult[]): ChecksReport => ({
  version: 1,
  startedAt: '2026-05-04T12:00:00.000Z',
  elapsedMs: 800,
  server: 'http://127.0.0.1:8000',
  serverState: 'reached',
  outcome: 'passed',
  counts: { pass: 1, warn: 0, fail: 0, skipped: 0 },
  results: results as ChecksReport['results'],
})

describe('wrapped', () => {
  it('keeps every word, in lines that fit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { maxLength: 20 }),
        fc.integer({ min: 5, max: 40 }),
        (words, width) => {
          const lines = wrapped(words.join(' '), width).split('\n')
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''))
        },
      ),
    )
  })

  it('breaks between words where it can', () => {
    expect(wrapped('one two three', 8)).toBe('one two\nthree')
    expect(wrapped('abcdefghij', 4)).toBe('abcd\nefgh\nij')
  })
})

describe('reportText', () => {
  it.each([60, 80, 120, 400])('fits into %d columns, whatever servers say', (columns) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), fc.boolean(), (text, isTerminal) => {
        const failed = result({ status: 'fail', detail: text, cause: text, fix: text, subject: text })
        const shown = reportText(report([failed]), { columns, isTerminal })
        const lines = shown.trimEnd().split('\n').slice(0, -1)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
      }),
      { numRuns: 30 },
    )
  })

  it.each([20, 40, 50, 69])('shows results below each other where a terminal has %d columns', (columns) => {
    const failed = result({ status: 'fail', check: 'announced-address', cause: 'It is full.', fix: 'Free some of it.' })
    const text = reportText(report([result(), failed]), { columns, isTerminal: true })
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
    expect(text).not.toContain('│')
    expect(text).toMatch(/^pass disk \(server\)\s+12 ms\n {2}room\nfail\s+announced/)
    expect(text.replaceAll(/\s+/g, ' ')).toContain('why: It is full. fix: Free some of it.')
  })

  it('says what to do where no check could reach the server', () => {
    const view = { columns: 80, isTerminal: false }
    const of = (more: Partial<ChecksReport>) => reportText({ ...report([]), ...more }, view).replaceAll(/\s+/g, ' ')
    expect(of({})).not.toContain('fix:')
    expect(of({ serverState: 'none', outcome: 'unreachable' })).toMatch(/fix: Start one with `mcpx serve`/)
    expect(of({ serverState: 'unreachable', outcome: 'unreachable' })).toMatch(
      /why: Nothing answers .* fix: .*--server/,
    )
    expect(of({ outcome: 'refused' })).toMatch(/fix: .*--token or in MCPX_TOKEN/)
    const token = result({ check: 'token', status: 'fail', fix: 'Give it.' })
    expect(of({ outcome: 'refused', results: [token] }).match(/fix:/g)).toHaveLength(1)
  })

  it('shows cause and fix under what went wrong only, and where it was found', () => {
    const failed = result({ status: 'fail', cause: 'It is full.', fix: 'Free some.' })
    const text = reportText(report([failed, result({ cause: 'no', fix: 'no' })]), { columns: 80, isTerminal: false })
    expect(text).toMatch(/^ fail +disk \(server\) +12 ms +room\n +why: It is full\.\n +fix: Free some\.\n pass +disk/m)
    expect(text.match(/why:/g)).toHaveLength(1)
  })

  it('lets nothing through that a terminal obeys', () => {
    const text = reportText(
      report([result({ status: 'warn', detail: 'a\u001B[2Jb\nc', subject: '\u202Ex', fix: '\u0007' })]),
      {
        columns: 80,
        isTerminal: false,
      },
    )
    for (const character of ['\u001B', '\u202E', '\u0007']) expect(text).not.toContain(character)
  })
})

describe('changesText', () => {
  it('is silent while nothing changes, and says what did', () => {
    const before = report([result(), result({ check: 'kubo', status: 'fail' })])
    expect(changesText(before, before)).toBe('')
    const now = report([result({ status: 'fail', detail: 'full', fix: 'Free some.' }), result({ check: 'kubo' })])
    expect(changesText(before, now)).toBe(
      '12:00:00 disk (server): pass → fail: full\n         fix: Free some.\n12:00:00 kubo (server): fail → pass: room\n',
    )
    expect(changesText(before, { ...before, serverState: 'unreachable' })).toBe(
      '12:00:00 the server: reached → unreachable\n',
    )
  })
})

it.each([20, 50, 74, 75, 80, 200])('the list of checks fits %d columns, and has every word', (columns) => {
  const about = 'ICE checks to each address that the server names, small and large, and back'
  const one = { group: 'network', name: 'announced-address', title: 'x', about, where: 'here', runs: '--security' }
  const text = listText([one], columns)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
  for (const word of [...about.split(' '), one.group, '--security']) expect(text).toContain(word)
})
