import { expect, it, onTestFinished } from 'vitest'
import { openHistorySource } from '../../../src/lib/app/read-history.ts'
import { answerJson, startHttpServer } from '../../support/answering-server.ts'

/** A server with a row each millisecond that gives 30 at the most, as the real one gives half a million. */
async function start(damaged: string[] = []) {
  const server = await startHttpServer(({ url }, response) => {
    const query = new URL(url, 'http://x').searchParams
    const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
    if (to - from > 30)
      return answerJson(response, 413, { success: false, error: 'too many', code: 'MESSAGE_TOO_LARGE' })
    const rows = Array.from({ length: to - from }, (_, at) => ({ at_ms: from + at, connection: 'a' }))
    answerJson(response, 200, { success: true, rows, damaged })
  })
  onTestFinished(() => server.stop())
  const source = await openHistorySource({ server: server.url, signal: new AbortController().signal })
  return { source, server }
}

it('asks in parts for what is too much at once, and has every row once', async () => {
  const { source } = await start(['2026-05-04: damaged'])
  const { rows, damaged } = await source.read('operations', { fromMs: 100, toMs: 350 })
  expect(rows.map(({ at_ms }) => at_ms)).toEqual(Array.from({ length: 250 }, (_, at) => 100 + at))
  expect(damaged).toEqual(['2026-05-04: damaged'])
})

it('asks for no more than the caller takes', async () => {
  const { source, server } = await start()
  const { rows } = await source.read('operations', { fromMs: 0, toMs: 1_000_000, limit: 20 })
  expect(rows.length).toBeLessThan(60)
  expect(server.asked.length).toBeLessThan(30)
})

it('leaves samples that are too many to who can do with their means', async () => {
  const { source } = await start()
  await expect(source.scan('samples', { fromMs: 0, toMs: 100 }, ['at_ms'], () => {})).rejects.toMatchObject({
    code: 'MESSAGE_TOO_LARGE',
  })
})
