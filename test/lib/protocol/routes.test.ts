import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeContentPath, playerPath, routes, whepPath, withToken } from '../../../src/lib/protocol/routes.ts'

const leaves = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(leaves)

it('every address is of one thing, the prefixes aside', () => {
  const { mcpPrefixes: _, ...rest } = routes
  const all = leaves(rest).filter((path) => path !== routes.webrtc.prefix && path !== routes.mcp.prefix)
  expect(all.filter((path, i) => all.indexOf(path) !== i)).toEqual([])
  for (const path of all) expect(path).toMatch(/^\//)
})

it('a path of content survives an address, whatever its names are', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.replaceAll('/', '_'))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
      const encoded = encodeContentPath(names.join('/'))
      expect(encoded.split('/').map(decodeURIComponent)).toEqual(names)
      expect(encoded).not.toMatch(/[?#\s"<>\\]/)
      expect([playerPath(names.join('/')), whepPath(names.join('/'))]).toEqual([
        `/player/${encoded}`,
        `/whep/${encoded}`,
      ])
    }),
    { seed: 23 },
  )
})

it('a token goes into the fragment, which no server sees', () => {
  expect(withToken('http://a/x', undefined)).toBe('http://a/x')
  expect(new URL(withToken('http://a/x', 'a&b=c#d')).hash).toBe('#token=a%26b%3Dc%23d')
})
