import { describe, expect, it } from 'vitest'
import { startHttp } from '../../support/http-api.ts'

describe('GET /api/v0/history/:table', () => {
  async function start() {
    const asked: unknown[] = []
    const http = await startHttp(
      {},
      {
        async readHistory(table, range) {
          asked.push([table, range])
          return { rows: [{ connection: 'c1' }], damaged: ['2026-05-04.db.damaged'] }
        },
      },
    )
    return { ...http, asked }
  }

  it('answers the rows of a time, of all connections or of one, and names files that were left out', async () => {
    const { get, asked } = await start()
    const answer = await get('/api/v0/history/connections?from=1000&to=2000')
    expect(await answer.json()).toEqual({
      success: true,
      rows: [{ connection: 'c1' }],
      damaged: ['2026-05-04.db.damaged'],
    })
    await get('/api/v0/history/samples?from=1000&to=2000&connection=c1')
    expect(asked).toEqual([
      ['connections', { fromMs: 1000, toMs: 2000, limit: 500_001 }],
      ['samples', { fromMs: 1000, toMs: 2000, limit: 500_001, connection: 'c1' }],
    ])
  })

  it.each([
    ['/api/v0/history/secrets?from=1', 404],
    ['/api/v0/history/samples?from=yesterday', 400],
    ['/api/v0/history/samples?from=-1', 400],
  ])('refuses %s', async (path, status) => {
    const { get, asked } = await start()
    expect((await get(path)).status).toBe(status)
    expect(asked).toEqual([])
  })
})
