import { describe, expect, it } from 'vitest'
import { createSystemClock, every } from '../../../src/lib/base/clock.ts'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { residentBytes } from '../../../src/lib/base/host.ts'
import type { Logger } from '../../../src/lib/base/logger.ts'
import { createStrayLog } from '../../../src/lib/base/stray-errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function listening() {
  const lines: [string, object, string][] = []
  const say = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message])
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') } as unknown as Logger
  return { lines, logger }
}

describe('errors that nobody waited for', () => {
  it('are said also where what was thrown has no words', () => {
    const { lines, logger } = listening()
    createStrayLog(logger, new FakeClock())(Object.create(null), 'a timer failed')
    expect(lines).toEqual([['warn', { error: '[object]' }, 'a timer failed']])
  })

  it('are said once in a minute, with how often they came', () => {
    const { lines, logger } = listening()
    const clock = new FakeClock()
    const say = createStrayLog(logger, clock)
    for (let i = 0; i < 30; i++) say(new Error('EMFILE'), 'a timer failed')
    say(new Error('other'), 'a timer failed')
    expect(lines).toEqual([
      ['warn', { error: 'Error: EMFILE' }, 'a timer failed'],
      ['warn', { error: 'Error: other' }, 'a timer failed'],
    ])
    clock.advance(60_000)
    say(new Error('EMFILE'), 'a timer failed')
    expect(lines.at(-1)).toEqual(['warn', { error: 'Error: EMFILE', timesSince: 29 }, 'a timer failed'])
  })

  it('are no trouble of the server where content is at fault', () => {
    const { lines, logger } = listening()
    createStrayLog(logger)(new McpxError('MEDIA_CORRUPT', 'cut short'), 'a rejection')
    expect(lines.map(([level]) => level)).toEqual(['debug'])
  })

  it('of a timer that comes again and again do not end it', async () => {
    const errors: unknown[] = []
    const clock = createSystemClock((error) => errors.push(error))
    let runs = 0
    const timer = every(clock, 1, () => {
      runs++
      throw new Error(`run ${runs}`)
    })
    await expect.poll(() => errors.length).toBeGreaterThan(2)
    timer.cancel()
    expect(errors.map(String).slice(0, 2)).toEqual(['Error: run 1', 'Error: run 2'])
  })
})

it('resident memory is what was read last when it cannot be read', () => {
  const before = residentBytes()
  expect(before).toBeGreaterThan(2 ** 20)
  const { rss } = process.memoryUsage
  process.memoryUsage.rss = () => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  }
  try {
    expect(residentBytes()).toBe(before)
  } finally {
    process.memoryUsage.rss = rss
  }
})
