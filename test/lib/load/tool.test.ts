// How the tool of a load test judges itself, and what it refuses to begin.
import { describe, expect, it } from 'vitest'
import type { LoadStrain } from '../../../src/lib/load/load-plane.ts'
import { viewersOf } from '../../../src/lib/load/load-plane.ts'
import { localAddressesFor } from '../../../src/lib/load/local-addresses.ts'
import { checkOpenFiles } from '../../../src/lib/load/open-files.ts'
import { DropCounter, parseSocketTable } from '../../../src/lib/load/socket-drops.ts'
import { judgeTool } from '../../../src/lib/load/trust.ts'

const calm: LoadStrain = { lagP99Ms: 20, lagMaxMs: 500, lateMs: 500, socketDrops: 0, cpuS: 1 }
const judge = (...strains: LoadStrain[]) => judgeTool({ strains, cpuS: 5, elapsedS: 10, workers: 2, troubles: [] })

describe('a tool', () => {
  it('is trusted up to the bounds', () => {
    expect(judge(calm, { ...calm, lagP99Ms: 3 })).toEqual({
      trusted: true,
      reasons: [],
      loopLagP99Ms: 20,
      loopLagMaxMs: 500,
      cpuRatio: 0.5,
      socketDrops: 0,
      workers: 2,
    })
  })

  it.each([
    [{ lagP99Ms: 21 }, 'its event loop was 21 ms late at the 99th percentile (at most 20 ms)'],
    [{ lagMaxMs: 501 }, 'its event loop stood still for 501 ms'],
    [{ lateMs: 501 }, 'sessions began up to 501 ms later than planned'],
    [{ socketDrops: 1 }, 'the kernel dropped 1 datagrams that it did not read in time'],
  ])('is not trusted with %j in one of its workers', (worse, reason) => {
    expect(judge(calm, { ...calm, ...worse })).toMatchObject({ trusted: false, reasons: [reason] })
  })

  it('is not trusted after a trouble of its own', () => {
    const troubles = ['3 viewers were lost']
    expect(judgeTool({ strains: [calm], cpuS: 0, elapsedS: 0, workers: 1, troubles })).toMatchObject({
      trusted: false,
      reasons: troubles,
    })
  })

  it('does not know what nobody said', () => {
    expect(judge({ ...calm, socketDrops: null })).toMatchObject({ trusted: true, socketDrops: null })
    expect(judge()).toMatchObject({ loopLagP99Ms: null, loopLagMaxMs: null, socketDrops: null })
  })
})

const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  402: 0100007F:A1B2 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7001 2 0000000000000000 17
  403: 00000000000000000000000001000000:A1B2 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7002 2 0000000000000000 3
  404: 0100007F:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7003 2 0000000000000000 0
 nonsense
`

describe('datagrams that the kernel drops', () => {
  it('are read by port, of both families', () => {
    expect(parseSocketTable(table)).toEqual(
      new Map([
        [0xa1b2, 20],
        [1, 0],
      ]),
    )
  })

  it('are counted over sockets that come and go', () => {
    const drops = new DropCounter()
    drops.look([1], undefined)
    expect(drops.total).toBeNull()
    drops.look(
      [1],
      new Map([
        [1, 5],
        [9, 100],
      ]),
    )
    drops.look(
      [1, 2],
      new Map([
        [1, 6],
        [2, 1],
      ]),
    )
    expect(drops.total).toBe(7)
    drops.look([2], new Map([[2, 1]]))
    // Another socket has the port of the first.
    drops.look(
      [1, 2],
      new Map([
        [1, 2],
        [2, 0],
      ]),
    )
    expect(drops.total).toBe(9)
  })
})

describe('open files', () => {
  it('are enough, or it is said what would do', () => {
    checkOpenFiles(100, 0, 264)
    checkOpenFiles(200, 2, 264)
    checkOpenFiles(1e6, 0, Number.POSITIVE_INFINITY)
    expect(() => checkOpenFiles(250, 0, 264)).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_FILES', hint: expect.stringContaining('--processes 3') }),
    )
    expect(() => checkOpenFiles(301, 3, 264)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--processes 4') }),
    )
  })
})

describe('addresses to gather on', () => {
  it.each(['http://127.0.0.1:8000', 'http://localhost:1/', 'http://[::1]:8000/base'])(
    'of %s are loopback alone',
    async (server) => {
      expect(await localAddressesFor(server)).toEqual(['127.0.0.1'])
    },
  )
})

it('shares of viewers are disjoint and together all of them', () => {
  const shares = [0, 1, 2].map((first) => viewersOf({ first, step: 3, below: 8 }))
  expect(shares).toEqual([
    [0, 3, 6],
    [1, 4, 7],
    [2, 5],
  ])
})
