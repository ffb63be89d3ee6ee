import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maxTraceLines, parseTrace, readTraceFile } from '../../../src/lib/impairment/trace-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-trace-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const refusal = (text: string): string => {
  try {
    parseTrace(text, 'x.down')
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    return (error as Error).message
  }
  throw new Error('not refused')
}

describe('a trace', () => {
  it('is one number a line, as Mahimahi writes it', () => {
    expect(parseTrace('0\n5\n5\n17\n', 'x')).toEqual([0, 5, 5, 17])
    expect(parseTrace('1', 'x')).toEqual([1])
    expect(parseTrace('3\r\n4\r\n\n  \n', 'x')).toEqual([3, 4])
  })

  it.each([
    ['', 'trace x.down: it is empty'],
    ['\n\n', 'it is empty'],
    ['0\n0\n', 'line 2: it ends at 0'],
    ['1\n7\n6\n9', 'line 3: 6 comes before 7'],
    ['1\nfast\n', 'line 2: "fast" is not a whole number'],
    ['1\n\n3\n', 'line 2: "" is not a whole number'],
    ['1.5\n', 'line 1: "1.5" is not a whole number'],
    ['-3\n', 'is not a whole number'],
    ['1e3\n', 'is not a whole number'],
    [`1\n${'9'.repeat(400)}`, 'line 2: "9999'],
    ['1\n86400001\n', 'line 2: 86400001 ms is more than a day'],
    ['1\n\u001b[2J\n', 'line 2'],
  ])('%j is none: %s', (text, words) => {
    const message = refusal(text)
    expect(message).toContain(words)
    expect(message).not.toContain('\u001b')
    expect(message.length).toBeLessThan(150)
  })

  it('has a most of lines', () => {
    expect(refusal('1\n'.repeat(maxTraceLines + 1))).toContain(`more than ${maxTraceLines} lines`)
    expect(parseTrace('1\n'.repeat(maxTraceLines), 'x')).toHaveLength(maxTraceLines)
  })

  it('is refused as an option or ordered with an end above 0', () => {
    const line = fc.oneof(fc.nat(50).map(String), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          const trace = parseTrace(lines.join('\n'), 'x')
          expect([...trace].sort((a, b) => a - b)).toEqual(trace)
          expect(trace.at(-1)).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_OPTION' })
        }
      }),
      { seed: 5, numRuns: 1000 },
    )
  })
})

describe('a trace file', () => {
  it('is read', () => {
    const file = join(folder, 'good')
    writeFileSync(file, '4\n8\n')
    expect(readTraceFile(file)).toEqual([4, 8])
  })

  it('is named when it is not there, no file, or too large', () => {
    const large = join(folder, 'large')
    writeFileSync(large, '')
    truncateSync(large, 17 * 2 ** 20)
    for (const [file, words] of [
      [join(folder, 'absent'), 'ENOENT'],
      [folder, 'not a regular file'],
      ['/dev/zero', 'not a regular file'],
      [large, 'larger than'],
      ['a\0b', 'ERR_INVALID_ARG_VALUE'],
    ] as const)
      expect(() => readTraceFile(file), file).toThrow(words)
    expect(() => readTraceFile(join(folder, 'absent'))).toThrow(folder)
  })

  it.skipIf(process.platform === 'win32')('does not wait for who writes into a pipe', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(() => readTraceFile(pipe)).toThrow('not a regular file')
  })
})
