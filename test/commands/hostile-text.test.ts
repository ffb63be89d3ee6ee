// Names and messages of others on their way to a terminal, a log, a page and a report: every door, and every kind of trick.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { reportError } from '../../src/cli.ts'
import { linkLine, snapshotText } from '../../src/commands/monitor/view.ts'
import { stepText } from '../../src/commands/serve/view.ts'
import { choiceTable, endText, statsLine, uploadLine } from '../../src/commands/stream/view.ts'
import { McpxError } from '../../src/lib/base/errors.ts'
import { jsonLine } from '../../src/lib/base/json-text.ts'
import { toLogText } from '../../src/lib/base/log-text.ts'
import { createLogger } from '../../src/lib/base/logger.ts'
import { plain, plainLines } from '../../src/lib/base/plain-text.ts'
import type { ViewerSnapshot } from '../../src/lib/client/viewer.ts'
import type { WatchResult } from '../../src/lib/client/watch.ts'
import { createSourceRef } from '../../src/lib/content/source-ref.ts'
import { csvOf } from '../../src/lib/report/csv.ts'
import { page, table, text, tiles } from '../../src/lib/report/page.ts'
import { toJsonLines } from '../../src/lib/report/raw-data.ts'
import { connection, liveState } from '../support/live-state.ts'
import { createTestIo } from '../support/test-io.ts'

const tricks = {
  'ESC, and a title': 'x\u001B]0;pwned\u0007\u001B[31mred',
  CSI: '\u001B[2J\u001B[1;1Hgone',
  'C1 CSI': '\u009B2Jgone',
  'OSC 8, a link': '\u001B]8;;http://evil.example\u001B\\click\u001B]8;;\u001B\\',
  'OSC 52, the clipboard': '\u001B]52;c;cm0gLXJmIH4=\u0007',
  'DCS and APC': '\u001BP1$r\u001B\\\u001B_G\u001B\\\u0090x\u009C',
  'bidi overrides': 'gpj.\u202Eexe\u2066x\u2069\u200F',
  'zero width, and tags': 'a\u200Bb\uFEFF\u{E0041}\u{E007F}',
  'line breaks': 'a\nerror [FORGED]: b\r\nc\rd\u0085e\u2028f\u2029g\vh\fi',
  tabs: 'a\tb\t\t\tc',
  'backspaces, and DEL': 'secret\b\b\b\b\b\bhidden\u007F',
  'NUL and lone surrogates': 'a\u0000b\uD800c',
  'stacked marks': `z${'\u0301'.repeat(500)}`,
  'very long': 'x\u001B[5m'.repeat(20_000),
}

const snapshot = { mediaTimeS: 1, bitrateBps: 1, lossRatio: 0, bufferS: 0, framesReceived: 1, freezeCount: 0 }
const last = { ...snapshot, bytesReceived: 1, packetsLost: 0, packetsReceived: 1 } as unknown as ViewerSnapshot
const printed = (name: string, argv: string[]) => {
  const io = createTestIo(argv)
  reportError(io, new McpxError('CONTENT_NOT_FOUND', `there is no ${name}`, { hint: `not ${name}` }))
  return io.stderr()
}
function logged(name: string, format: 'json' | 'text'): string {
  let line = ''
  const write = (one: string) => {
    line += one
  }
  const logger = createLogger({ level: 'info', format, write }).child({ scope: name })
  logger.info({ file: name, err: new Error(name), nested: { [name]: [name] } }, `not ${name}`)
  return line
}

const doors: Readonly<Record<string, (name: string) => string>> = {
  'stream: upload': (name) => uploadLine(name, 1, 2),
  'stream: choices': (name) => choiceTable([name]),
  'stream: statistics': (name) => statsLine({ ...last, quality: name } as ViewerSnapshot),
  'stream: end': (name) =>
    endText({ reason: 'closed', detail: name, last, recording: { path: name, frames: 1, dropped: 0 } } as WatchResult),
  'serve: tests': (name) =>
    stepText({ name: 'x', passed: false, error: { code: 'INTERNAL', message: name, hint: '' } } as never),
  'monitor: link': (name) => linkLine({ kind: 'gone', sinceMs: 0, reason: name }),
  'monitor: tables': (name) =>
    snapshotText(liveState([connection('a', { content: name, error: { code: 'X', message: name } })]), name),
  template: (name) => plain`added ${name}: ${name}\n`,
  'log text': (name) => logged(name, 'text'),
  'log JSON': (name) => logged(name, 'json'),
  'log text of any JSON': (name) => toLogText(JSON.stringify({ level: 'info', msg: name, [name]: name })),
  'JSON lines': (name) => jsonLine({ [name]: name }),
  'error as JSON': (name) => printed(name, ['--json']),
  CSV: (name) => csvOf(['a', 'b'], [{ a: name, b: `=${name}` }]),
  'rows as JSON lines': (name) => toJsonLines([{ a: name }]),
  page: (name) => page(name, [table([name], [[text(name)]]), tiles([[name, name]])], { [name]: name }),
}

/** What a terminal would obey, and a reader be deceived by. */
const obeyed = /[^\P{Cc}\t\r\n]|[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|\r(?!\n)/u
/** Of JSON everything can be read back. */
const isJson = (door: string) => door.includes('JSON') || door === 'page'
const linesOf = (shown: string) => shown.split('\n').length

describe.each(Object.entries(doors))('%s', (door, show) => {
  it.each(Object.entries(tricks))('%s', (_trick, name) => {
    const shown = show(name)
    expect(shown).not.toMatch(obeyed)
    if (!isJson(door)) expect(shown).not.toMatch(/\p{M}{3}/u)
    expect(linesOf(shown)).toBe(linesOf(show('harmless')))
  })
})

describe('an error', () => {
  it.each(Object.entries(tricks))('%s: begins no line but the first', (_trick, name) => {
    const shown = printed(name, [])
    expect(shown).not.toMatch(obeyed)
    expect(shown.split('\n').filter((line) => /^\S/.test(line))).toHaveLength(1)
  })

  it('that lists files has a line for each', async () => {
    const names = ['a\nb.mp4', 'c\r\nd.mp4']
    const list = async () => names.map((name) => ({ name, cid: 'bafy', type: 'file' as const, sizeBytes: 1 }))
    const error = await createSourceRef({ cid: 'bafy', type: 'directory', sizeBytes: 1, path: 'bafy' }, list).catch(
      (thrown: Error) => thrown,
    )
    expect((error as Error).message.split('\n')).toEqual([
      'bafy holds 2 playable files:',
      '  bafy/a b.mp4',
      '  bafy/c d.mp4',
    ])
  })
})

describe('the process itself', () => {
  it('writes nothing that a terminal obeys, whatever a command says, and moves the cursor itself', async () => {
    const file = pathToFileURL(resolve(import.meta.dirname, '../../src/lib/base/process-io.ts')).href
    const said = Object.values(tricks).slice(0, -1).join(' ')
    const script = `
      import { createProcessIo } from ${JSON.stringify(file)}
      const io = createProcessIo()
      io.out(${JSON.stringify(said)})
      io.err(${JSON.stringify(said)})
      io.cursor('eraseLine')
      io.cursor({ up: 3 })`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout).toBe(plainLines(said))
    expect(stdout).not.toMatch(obeyed)
    expect(stderr).toBe(`${stdout}\r\u001B[2K\u001B[3A`)
  })

  it('leaves text, tables and QR codes as they are', () => {
    for (const ours of ['a\tb\r\nc\n', '┌──┐\n│ 1│\n└──┘\n', '█▀▄ ▄\n', 'Füße 日本語 🎬 نص\n'])
      expect(plainLines(ours)).toBe(ours)
  })
})
