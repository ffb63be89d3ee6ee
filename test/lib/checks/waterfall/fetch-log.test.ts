import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { FetchLog } from '../../../../src/lib/checks/waterfall/fetch-log.ts'
import { createBlockSources } from '../../../../src/lib/content/block-sources.ts'
import { traceFetches } from '../../../../src/lib/content/fetch-trace.ts'
import { createGateway } from '../../../../src/lib/content/gateway.ts'
import { createMemoryBlocks } from '../../../support/content-blocks.ts'
import { startGateway } from '../../../support/content-gateway.ts'

/** A clock that a test moves. */
function clockAt() {
  let nowMs = 100
  return {
    now: () => nowMs,
    pass(ms: number) {
      nowMs += ms
    },
  }
}

describe('the steps of a search for a block', () => {
  it('add up: who was asked, the dial, the bytes, their hash', () => {
    const clock = clockAt()
    const log = new FetchLog(clock)
    clock.pass(2)
    const first = log.ask('kubo')
    clock.pass(3)
    first.answered(undefined)
    const second = log.ask('gateway:a')
    second.dialling()
    clock.pass(5)
    second.dialled()
    clock.pass(7)
    second.answered(1000)
    clock.pass(1)
    second.verified(true)
    clock.pass(4)
    const { steps, failedStep } = log.steps(100, clock.now())
    expect(failedStep).toBeUndefined()
    expect(steps.map(({ step, startMs, ms }) => [step, startMs, ms])).toEqual([
      ['found', 0, 5],
      ['dial', 5, 5],
      ['first-block', 10, 7],
      ['verified', 17, 5],
    ])
    expect(steps[0]!.detail).toBe('asked gateway:a; kubo: no')
  })

  it('end where it failed', () => {
    const ended = (tell: (span: ReturnType<FetchLog['ask']>) => void) => {
      const log = new FetchLog(clockAt())
      tell(log.ask('gateway:a'))
      return log.steps(100, 100).failedStep
    }
    expect(ended((span) => span.answered(undefined))).toBe('found')
    expect(ended((span) => span.dialling())).toBe('dial')
    expect(
      ended((span) => {
        span.dialling()
        span.failed(new Error('cannot be reached'))
      }),
    ).toBe('dial')
    expect(ended(() => {})).toBe('first-block')
    expect(
      ended((span) => {
        span.dialled()
        span.failed(new Error('hung up'))
      }),
    ).toBe('first-block')
    expect(
      ended((span) => {
        span.answered(10)
        span.verified(false)
      }),
    ).toBe('verified')
    expect(new FetchLog(clockAt()).steps(0, 0)).toEqual({ steps: [], failedStep: 'found' })
  })
})

it('hears of the fetches of its own call alone, with the dial', async () => {
  const blocks = createMemoryBlocks()
  const cid = await blocks.add([{ path: 'a', content: new Uint8Array(1000) }], { cidVersion: 1, rawLeaves: true })
  const gateway = await startGateway((request, response) => {
    const bytes = blocks.blocks.get(/^\/ipfs\/([^?]+)/.exec(request.url!)![1]!)
    response.end(bytes)
  })
  const sources = createBlockSources({ sources: [createGateway(gateway.url)], clock: systemClock, timeoutMs: 5000 })
  const told: string[] = []
  const span = (source: string) => ({
    dialling: () => told.push(`${source} dialling`),
    dialled: () => told.push('dialled'),
    answered: (bytes: number | undefined) => told.push(`answered ${bytes}`),
    failed: () => told.push('failed'),
    verified: (isRight: boolean) => told.push(`verified ${isRight}`),
  })
  await Promise.all([traceFetches({ ask: span as never }, () => sources.fetch(cid)), sources.fetch(cid)])
  expect(told).toEqual([`${gateway.name} dialling`, 'dialled', 'answered 1000', 'verified true'])
  await gateway.close()
})
