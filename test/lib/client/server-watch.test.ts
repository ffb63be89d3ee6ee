import { afterEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { watchServer } from '../../../src/lib/client/server-watch.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const clock = new FakeClock()
let stop = () => {}
afterEach(() => stop())

function setUp(answer: () => Promise<Response>) {
  const asked: string[] = []
  const gone: McpxError[] = []
  const state = { heard: 0 }
  stop = watchServer({
    clock,
    api: {
      address: (path) => `http://server${path}`,
      request(path) {
        asked.push(path)
        return answer()
      },
    },
    heard: () => state.heard,
    onGone: (error) => gone.push(error),
  })
  /** Seconds, each of which brings something or nothing. */
  const pass = async (seconds: number, arrives = false) => {
    for (let second = 0; second < seconds; second++) {
      if (arrives) state.heard++
      clock.advance(1000)
      await new Promise(setImmediate)
    }
  }
  return { asked, gone, pass }
}

const refuse = () => Promise.reject(new McpxError('SERVER_UNREACHABLE', 'ECONNREFUSED'))

describe('the watch over the server', () => {
  it('asks nothing while something arrives', async () => {
    const { asked, gone, pass } = setUp(refuse)
    await pass(60, true)
    expect([asked, gone]).toEqual([[], []])
  })

  it('says once that the server is gone, within four seconds of silence', async () => {
    const { gone, pass } = setUp(refuse)
    await pass(5, true)
    await pass(4)
    expect(gone).toHaveLength(1)
    expect(gone[0]).toMatchObject({ code: 'SERVER_UNREACHABLE', message: expect.stringContaining('http://server/') })
    await pass(20)
    expect(gone).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('takes any answer for a sign of life, for as long as a pause lasts', async () => {
    const { asked, gone, pass } = setUp(async () => Response.json({ status: 'ok' }))
    await pass(30)
    expect(asked.length).toBeGreaterThan(5)
    const refused = setUp(() => Promise.reject(new McpxError('UNAUTHORIZED', 'who?')))
    await refused.pass(30)
    expect([...gone, ...refused.gone]).toEqual([])
  })

  it('forgives one question without an answer when media comes again', async () => {
    const { gone, pass } = setUp(refuse)
    for (let round = 0; round < 5; round++) {
      await pass(2)
      await pass(1, true)
    }
    expect(gone).toEqual([])
  })
})
