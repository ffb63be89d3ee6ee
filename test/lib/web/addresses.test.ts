import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { playerPath } from '../../../src/lib/protocol/routes.ts'
import { readContentText } from '../../../src/web/home/content-text.ts'
import { readPageBase, readPlayerAddress } from '../../../src/web/shared/base-path.ts'

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const old = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
const at = (path: string) => readPlayerAddress(new URL(path, 'http://host'))

describe('the address of the player page', () => {
  it('names the content, with the path inside it decoded', () => {
    expect(at(`/player/${cid}`)).toEqual({ base: '', content: cid })
    expect(at(`/player/${cid}/my%20talks/day%231.webm`)).toEqual({ base: '', content: `${cid}/my talks/day#1.webm` })
  })

  it('tells the path prefix of a reverse proxy', () => {
    expect(at(`/tools/mcpx/player/${cid}/`)).toEqual({ base: '/tools/mcpx', content: cid })
    expect(at(`/mcpx/api/v0/webrtc/player?connection_id=c1&content_cid=${old}`)).toEqual({
      base: '/mcpx',
      content: old,
      connectionId: 'c1',
    })
  })

  it('names nothing where there is nothing, and survives a broken escape', () => {
    expect(at('/player/').content).toBe('')
    expect(at('/elsewhere').content).toBe('')
    expect(readPlayerAddress({ pathname: '/player/%E0%A4%A', search: '' }).content).toBe('%E0%A4%A')
  })

  it('reads back what playerPath writes', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
      .filter((text) => !/[/\\]|^\.{1,2}$/.test(text))
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), (names) => {
        const content = [cid, ...names].join('/')
        expect(at(playerPath(content))).toEqual({ base: '', content })
      }),
    )
  })
})

describe('the address of the home page', () => {
  it('tells the path prefix, also where the dashboard will be', () => {
    expect(readPageBase('/')).toBe('')
    expect(readPageBase('/mcpx/')).toBe('/mcpx')
    expect(readPageBase('/mcpx/dashboard')).toBe('/mcpx')
    expect(readPageBase('/mcpx/api/v0/webrtc/dashboard')).toBe('/mcpx')
    expect(readPageBase('/mcpx/index.html')).toBe('/mcpx')
  })
})

describe('what people paste', () => {
  it.each([
    [cid, cid],
    [`  ${cid} `, cid],
    [`"${old}"`, old],
    [`${cid}/a b/c.mp4`, `${cid}/a b/c.mp4`],
    [`/ipfs/${cid}/x`, `${cid}/x`],
    [`ipfs://${cid}/a%20b?x#y`, `${cid}/a b`],
    [`ipfs://ipfs/${old}`, old],
    [`https://ipfs.io/ipfs/${cid}/v.mp4?filename=v.mp4`, `${cid}/v.mp4`],
    [`https://${cid}.ipfs.dweb.link/v.mp4`, `${cid}/v.mp4`],
    [`ipfs.io/ipfs/${cid}`, cid],
    [`http://localhost:8000/mcpx/player/${cid}/v%20w.mp4`, `${cid}/v w.mp4`],
    ['ipns://docs.ipfs.tech/a', 'ipns/docs.ipfs.tech/a'],
    ['/ipns/docs.ipfs.tech', 'ipns/docs.ipfs.tech'],
    ['https://en-wikipedia--on--ipfs-org.ipns.dweb.link/wiki', 'ipns/en.wikipedia-on-ipfs.org/wiki'],
  ])('%s is understood', (text, content) => {
    expect(readContentText(text)).toEqual({ content })
  })

  it.each(['', '   ', 'hello', 'https://example.com/movie.mp4', 'Qm123', `${cid}/../x`, 'http://', 'x'.repeat(5000)])(
    '%j gets a word about what is wrong',
    (text) => {
      expect(readContentText(text)).toEqual({ problem: expect.stringMatching(/\w{3}/) })
    },
  )

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void readContentText(text)))
    const address = fc.tuple(fc.constantFrom('http://', 'https://h.', 'ipfs://', 'ipns:'), fc.string({ maxLength: 80 }))
    fc.assert(fc.property(address, (parts) => void readContentText(parts.join(''))))
  })
})
