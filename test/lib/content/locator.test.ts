import fc from 'fast-check'
import { bases } from 'multiformats/basics'
import { describe, expect, it } from 'vitest'
import type { McpxError } from '../../../src/lib/base/errors.ts'
import { parseCid } from '../../../src/lib/content/cid.ts'
import { parseLocator } from '../../../src/lib/content/locator.ts'

const v0 = 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'
const v1 = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'
const key = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && text.trim() === text)

describe('parseLocator', () => {
  it.each([
    [v1, v1, []],
    [v0, v0, []],
    [` ${v1}/a/b.mp4 `, v1, ['a', 'b.mp4']],
    [`${v1}//a/`, v1, ['a']],
    [`/ipfs/${v0}/a%20b`, v0, ['a%20b']],
    [`ipfs/${v0}`, v0, []],
    [`ipfs://${v1}/a%20b`, v1, ['a b']],
    [`IPFS://${v1}`, v1, []],
    [`https://ipfs.io/ipfs/${v0}/x.mp4?filename=y#t=3`, v0, ['x.mp4']],
    [`http://127.0.0.1:8080/ipfs/${v1}/100%.mp4`, v1, ['100%.mp4']],
    [`https://${v1}.ipfs.dweb.link/a/b`, v1, ['a', 'b']],
  ])('reads %s', (text, root, path) => {
    expect(parseLocator(text)).toEqual({ namespace: 'ipfs', root, path })
  })

  it.each([
    [`/ipns/${key}/a`, key, ['a']],
    [`ipns://en.wikipedia-on-ipfs.org/wiki`, 'en.wikipedia-on-ipfs.org', ['wiki']],
    [`https://en-wikipedia--on--ipfs-org.ipns.dweb.link/wiki`, 'en.wikipedia-on-ipfs.org', ['wiki']],
    [`https://gateway.example/ipns/docs.ipfs.tech/x`, 'docs.ipfs.tech', ['x']],
  ])('reads the name %s', (text, root, path) => {
    const found = parseLocator(text)
    expect(found).toMatchObject({ namespace: 'ipns', path })
    expect(root === key ? parseCid(found.root).equals(parseCid(key)) : found.root === root).toBe(true)
  })

  it.each([
    '',
    '/',
    'hello',
    '/ipfs/',
    `${v1}/../x`,
    `ipfs://${v1}/%2e%2e/x`,
    `ipfs://${v1}/a%2fb`,
    `/ipfs/${v1}/./x`,
    `${v1.slice(0, -1)}`,
    'https://example.org/video.mp4',
    'https://',
    '/ipns/nothing',
    `/ipfs/${key}`,
    `/ipns/-bad-.example`,
    `${v1}${'/a'.repeat(200)}`,
    `${v1}/${'a'.repeat(8192)}`,
    'b'.repeat(100_000),
  ])('refuses %.60s and names it', (text) => {
    const thrown = ((): unknown => {
      try {
        return parseLocator(text)
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toMatchObject({ code: 'INVALID_CID' })
    expect((thrown as Error).message).toContain(text.trim().slice(0, 60))
  })

  it('takes a CID in every multibase', () => {
    const cid = parseCid(v1)
    for (const base of Object.values(bases)) {
      if (base.name === 'identity') continue
      expect(parseLocator(`/ipfs/${cid.toString(base.encoder as never)}`).root, base.name).toBe(v1)
    }
  })

  it('gives back in a path and in a URL the names that were put in', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), fc.constantFrom(v0, v1), (path, root) => {
        const encoded = path.map(encodeURIComponent).join('/')
        const expected = { namespace: 'ipfs', root, path }
        expect(parseLocator(`ipfs://${root}/${encoded}`)).toEqual(expected)
        expect(parseLocator(`https://gw.example/ipfs/${root}/${encoded}`)).toEqual(expected)
        expect(parseLocator([root, ...path].join('/'))).toEqual(expected)
      }),
    )
  })

  it('either reads any text or refuses it with INVALID_CID, and never lets a path lead upwards', () => {
    const pieces = fc.constantFrom(
      v0,
      v1,
      '/ipfs/',
      '/ipns/',
      'ipfs://',
      'https://',
      'x.example',
      '/',
      '..',
      '%2e',
      '%',
      '?',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 4 })), { maxLength: 8 }).map((a) => a.join('')),
    )
    fc.assert(
      fc.property(text, (value) => {
        try {
          const { path } = parseLocator(value)
          expect(path.some((segment) => segment === '..' || segment === '.' || segment.includes('/'))).toBe(false)
        } catch (error) {
          expect((error as McpxError).code).toBe('INVALID_CID')
        }
      }),
      { numRuns: 500 },
    )
  })
})
