// The logger: JSON for machines, one readable line for a person, the same without secrets in both, and a file besides.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toLogText } from '../../../src/lib/base/log-text.ts'
import { createLogger, type LogFormat } from '../../../src/lib/base/logger.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-log-'))
})
afterAll(() => rm(folder, { recursive: true }))

function written(format: LogFormat | undefined, fields: object, message: string): string {
  let text = ''
  const write = (line: string) => {
    text += line
  }
  createLogger({ level: 'info', format, write }).child({ worker: 0 }).warn(fields, message)
  return text
}

describe('the logger', () => {
  it.each(['json', undefined] as const)('writes an object a line (%s)', (format) => {
    expect(JSON.parse(written(format, { a: 1 }, 'said'))).toMatchObject({ level: 'warn', worker: 0, a: 1, msg: 'said' })
  })

  it('moves no cursor with a line of JSON', () => {
    const lines: string[] = []
    createLogger({ level: 'info', write: (line) => lines.push(line) }).info(
      { content: 'a\u009b31m\u001b[2J' },
      'opened',
    )
    expect(lines[0]!.trimEnd()).not.toMatch(/\p{Cc}/u)
    expect(JSON.parse(lines[0]!)).toMatchObject({ content: 'a\u009b31m\u001b[2J' })
  })

  it('writes a sentence a line as text', () => {
    expect(written('text', { a: 1 }, 'said')).toMatch(/^\d\d:\d\d:\d\d warn: said {2}worker=0 a=1\n$/)
  })

  it.each(['json', 'text'] as const)('hides secrets (%s)', (format) => {
    const text = written(format, { token: 'hunter2', request: { authorization: 'hunter2' } }, 'asked')
    expect(text).not.toContain('hunter2')
    expect(text).toContain('[redacted]')
  })

  it('keeps JSON lines in a folder that it makes', async () => {
    let text = ''
    const write = (line: string) => {
      text += line
    }
    const options = { level: 'info', format: 'text', folder: join(folder, 'new/logs'), write } as const
    createLogger(options).info({ a: 1 }, 'first')
    createLogger(options).info({ a: 2 }, 'second')
    const lines = (await readFile(join(folder, 'new/logs/enhanced_mcp_server.log'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['first', 'second'])
    expect(text).toMatch(/first {2}a=1\n.*second {2}a=2\n$/)
  })

  it('refuses a folder that is none', async () => {
    await writeFile(join(folder, 'file'), '')
    const open = () => createLogger({ level: 'info', folder: join(folder, 'file') })
    expect(open).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('a line of text', () => {
  const at = (fields: object) => toLogText(JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00Z', ...fields }))

  it('names a stream and a CID shortly, and quotes what has spaces', () => {
    const cid = 'bafybeihbcfzbay5n3uehiqr2d76sgcjek537tzb5u32oz7lujzvsakp42e'
    const stream = '1ae49e11-f6c6-401a-afd9-336b7eb8574d'
    expect(at({ msg: 'stream opened', stream, content: cid, why: 'a b' })).toMatch(
      /^\d\d:\d\d:\d\d stream opened {2}stream=1ae49e11 content=bafybeihbcfz…akp42e why="a b"\n$/,
    )
  })

  it('says the reason of an error without its stack', () => {
    expect(at({ level: 'error', msg: 'failed', err: { message: 'no room', stack: 'at x' } })).toMatch(
      /error: failed {2}error="no room"\n$/,
    )
  })

  it('stays one line and moves no cursor, whatever the values hold', () => {
    const text = at({ msg: 'a\nb\u001b[2J', name: 'x\r\ny' })
    expect(text.indexOf('\n')).toBe(text.length - 1)
    expect(text).not.toContain('\u001b')
  })

  it.each(['no json\n', '[1]\n', ''])('leaves %j as it is', (line) => {
    expect(toLogText(line)).toBe(line)
  })
})
