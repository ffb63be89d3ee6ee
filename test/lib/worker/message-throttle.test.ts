import { describe, expect, it } from 'vitest'
import type { ViewerMessage } from '../../../src/lib/protocol/control.ts'
import { createMessageThrottle } from '../../../src/lib/worker/message-throttle.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function start() {
  const clock = new FakeClock()
  const ran: ViewerMessage[] = []
  const errors: unknown[] = []
  const gate = createMessageThrottle(
    clock,
    (command) => {
      if (command.type === 'audio') throw new Error('no such track')
      ran.push(command)
    },
    (error) => errors.push(error),
  )
  return { clock, ran, errors, gate, say: (command: object) => gate.receive(JSON.stringify(command)) }
}

describe('the commands of a viewer', () => {
  it('are obeyed at once when they come now and then', () => {
    const { clock, ran, say } = start()
    for (const type of ['pause', 'play']) say({ type })
    clock.advance(200)
    say({ type: 'pause' })
    expect(ran.map(({ type }) => type)).toEqual(['pause', 'play', 'pause'])
  })

  it('are obeyed ten times a second when a thousand come, and the last one counts', () => {
    const { clock, ran, say } = start()
    for (let i = 1; i <= 3000; i++) {
      say({ type: 'seek', timeS: i })
      clock.advance(1)
    }
    clock.advance(200)
    expect(ran.length).toBeGreaterThan(25)
    expect(ran.length).toBeLessThan(35)
    expect(ran.at(-1)).toEqual({ type: 'seek', timeS: 3000 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('and what the viewer measured are told apart: each has a rate of its own, and the last report counts', () => {
    const { clock, ran, say } = start()
    say({ type: 'pause' })
    for (let freezeCount = 0; freezeCount < 50; freezeCount++) say({ type: 'report', report: { freezeCount } })
    clock.advance(200)
    expect(ran).toEqual([
      { type: 'pause' },
      { type: 'report', report: { freezeCount: 0 } },
      { type: 'report', report: { freezeCount: 49 } },
    ])
  })

  it('end as they were meant when they contradict each other', () => {
    const { clock, ran, say } = start()
    for (const type of ['play', 'pause', 'play', 'pause', 'play']) say({ type })
    clock.advance(200)
    expect(ran.at(-1)).toEqual({ type: 'play' })
  })

  it('that are wrong are answered a few times, and then now and then', () => {
    const { clock, errors, gate, say } = start()
    for (let i = 0; i < 1000; i++) gate.receive('{')
    expect(errors).toHaveLength(10)
    clock.advance(3000)
    for (let i = 0; i < 1000; i++) gate.receive('x'.repeat(20_000))
    expect(errors).toHaveLength(13)
    clock.advance(1000)
    say({ type: 'audio', trackId: 9 })
    expect(errors).toHaveLength(14)
  })

  it('end with the viewer', () => {
    const { clock, ran, gate, say } = start()
    say({ type: 'seek', timeS: 1 })
    say({ type: 'seek', timeS: 2 })
    gate.close()
    say({ type: 'pause' })
    clock.advance(1000)
    expect(ran).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })
})
