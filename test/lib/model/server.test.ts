import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatServerFile, parseServerFile } from '../../../src/lib/model/server.ts'

const server = { pid: 4711, url: 'http://127.0.0.1:8000/', startedAt: 1_700_000_000_000 }

describe('the file of a running server', () => {
  it('is read as it was written, and tells no more', () => {
    expect(parseServerFile(formatServerFile(server))).toEqual(server)
    expect(parseServerFile(JSON.stringify({ ...server, token: 'secret' }))).toEqual(server)
  })

  it.each([
    ['torn', formatServerFile(server).slice(0, 20)],
    ['empty', ''],
    ['no object', '7'],
    ['null', 'null'],
    ['a list', '[4711]'],
    ['without a process', JSON.stringify({ ...server, pid: undefined })],
    ['of a process that is text', JSON.stringify({ ...server, pid: '4711' })],
    ['of half a process', JSON.stringify({ ...server, pid: 1.5 })],
    // To a signal these are a group of processes, or all of them.
    ['of the process 0', JSON.stringify({ ...server, pid: 0 })],
    ['of the process -1', JSON.stringify({ ...server, pid: -1 })],
    ['without a start', JSON.stringify({ ...server, startedAt: null })],
    ['of another protocol', JSON.stringify({ ...server, url: 'javascript:alert(1)//http://x' })],
    ['of a file', JSON.stringify({ ...server, url: 'file:///etc/passwd' })],
    ['of no address', JSON.stringify({ ...server, url: 'http://' })],
  ])('that is %s is none', (_what, text) => expect(parseServerFile(text)).toBeUndefined())

  it('may hold anything', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom(4711, 'http://a'))
    fc.assert(
      fc.property(fc.record({ pid: field, url: field, startedAt: field }), (written) => {
        const read = parseServerFile(JSON.stringify(written))
        if (!read) return
        expect(read.pid).toBeGreaterThan(0)
        expect(new URL(read.url).protocol).toMatch(/^https?:$/)
        expect(Number.isFinite(read.startedAt)).toBe(true)
      }),
    )
  })
})
