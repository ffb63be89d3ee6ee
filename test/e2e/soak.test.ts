// A hundred streams opened and closed in one process: what each held is given back. A thousand are in bench/.
import { readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { until } from '../support/e2e.ts'
import { allClosed, startServer } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'

const atOnce = 10
const rounds = 10

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

/** Handles of this thread by kind, and descriptors of the whole process, its workers too. */
function held() {
  const handles = process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(Immediate|Timeout|CloseReq|PipeWrap)$/.test(kind))
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { handles: handles.length, descriptors }
}

describe('a hundred streams', () => {
  let server: McpxServer

  beforeAll(async () => {
    server = await startServer({ sample: true, mediaWorkers: 1 })
  })
  afterAll(() => server?.stop())

  async function round(): Promise<void> {
    const content = server.sample!.cid
    const viewers = await Promise.all(
      Array.from({ length: atOnce }, (_, i) => openHeadless(server, { content, startS: i / 2, quality: 'very_low' })),
    )
    await Promise.all(viewers.map((viewer) => receives(viewer, 3)))
    await Promise.all(viewers.map((viewer) => viewer.close()))
    await allClosed(server)
  }

  async function heapBytes(): Promise<number> {
    await turn()
    collectGarbage()
    return process.memoryUsage().heapUsed
  }

  it('leave no handle, no descriptor and no memory behind', async () => {
    await round()
    await round()
    const before = held()
    const heapBefore = await heapBytes()
    const residentBefore = process.memoryUsage().rss
    for (let i = 0; i < rounds; i++) await round()

    await until('handles and descriptors are back', () => {
      const now = held()
      return now.handles <= before.handles && now.descriptors <= before.descriptors
    })
    expect((await heapBytes()) - heapBefore).toBeLessThan(8 * 2 ** 20)
    expect(process.memoryUsage().rss - residentBefore).toBeLessThan(120 * 2 ** 20)
    expect(server.engine.list().every(({ state, error }) => state === 'closed' && !error)).toBe(true)
    await until('the media worker has no viewer', () => server.engine.health().every(({ viewers }) => viewers === 0))
  })
})
