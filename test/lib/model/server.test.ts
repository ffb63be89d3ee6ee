// The file by which one process finds another: written by us, and read as if anybody had.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatServerFile, parseServerFile } from '../../../src/lib/model/server.ts'

const server = { pid: 4711, url: 'http://127.0.0.1:8000/base', startedAt: 1_700_000_000_000 }

it('is read as it was written', () => {
  expect(parseServerFile(formatServerFile(server))).toEqual(server)
  expect(parseServerFile(JSON.stringify({ ...server, more: 'x' }))).toEqual(server)
})

it.each([
  ['', 'nothing'],
  ['{', 'half of it'],
  ['null', 'null'],
  ['[]', 'a list'],
  [JSON.stringify({ ...server, pid: '4711' }), 'a pid that is a text'],
  [JSON.stringify({ ...server, pid: 1.5 }), 'half a pid'],
  [JSON.stringify({ ...server, pid: 2 ** 60 }), 'a pid that is none'],
  [JSON.stringify({ ...server, url: 'file:///etc/passwd' }), 'an address of another kind'],
  [JSON.stringify({ ...server, url: ['http://x'] }), 'a list of addresses'],
  [JSON.stringify({ ...server, startedAt: null }), 'no time'],
])('is none where it has %s: %s', (text) => {
  expect(parseServerFile(text)).toBeUndefined()
})

it('never throws, and gives nothing but what it says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const read = parseServerFile(text)
      if (read) expect(Object.keys(read)).toEqual(['pid', 'url', 'startedAt'])
    }),
    { seed: 1, numRuns: 300 },
  )
})
