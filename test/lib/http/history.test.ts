import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { startHttp } from '../../support/http-api.ts'

describe('GET /api/v0/history/:table', () => {
  const answer = { success: true, rows: [{ connection: 'c1' }], damaged: ['2026-05-04.db.damaged'] }

  async function start() {
    const asked: unknown[] = []
    const http = await startHttp(
      {},
      {
        async readHistory(table, range, maxRows) {
          asked.push([table, range, maxRows])
          if (range.connection === 'many') throw new McpxError('MESSAGE_TOO_LARGE', 'more rows')
          // Out of a larger buffer, as Node gives them.
          return Buffer.from(`  ${JSON.stringify(answer)}`).subarray(2)
        },
      },
    )
    return { ...http, asked }
  }

  it('answers the rows of a time, of all connections or of one, and names files that were left out', async () => {
    const { get, asked } = await start()
    const response = await get('/api/v0/history/connections?from=1000&to=2000')
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual(answer)
    await get('/api/v0/history/samples?from=1000&to=2000&connection=c1')
    expect(asked).toEqual([
      ['connections', { fromMs: 1000, toMs: 2000 }, 200_000],
      ['samples', { fromMs: 1000, toMs: 2000, connection: 'c1' }, 200_000],
    ])
  })

  it('knows a table by its older name', async () => {
    const { get, asked } = await start()
    await get('/api/v0/history/nodes?from=1000&to=2000')
    expect(asked).toEqual([['workers', { fromMs: 1000, toMs: 2000 }, 200_000]])
  })

  it('says where there are more rows than are sent at once', async () => {
    const { get } = await start()
    const response = await get('/api/v0/history/samples?from=1000&connection=many')
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, 'MESSAGE_TOO_LARGE'])
  })

  it.each([
    ['/api/v0/history/secrets?from=1', 404],
    ['/api/v0/history/constructor?from=1', 404],
    ['/api/v0/history/samples?from=yesterday', 400],
    ['/api/v0/history/samples?from=-1', 400],
  ])('refuses %s', async (path, status) => {
    const { get, asked } = await start()
    expect((await get(path)).status).toBe(status)
    expect(asked).toEqual([])
  })
})
