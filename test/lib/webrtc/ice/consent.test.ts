import { describe, expect, it } from 'vitest'
import { Consent } from '../../../../src/lib/webrtc/ice/consent.ts'
import { hasIntegrity, localFragmentOf } from '../../../../src/lib/webrtc/ice/stun.ts'
import { writeBindingResponse } from '../../../../src/lib/webrtc/ice/stun-write.ts'
import type { CheckedPair, IceAgent } from '../../../../src/lib/webrtc/werift.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const here = ['127.0.0.1', 4000] as const

function onPath() {
  const clock = new FakeClock()
  const sent: Buffer[] = []
  const path = {
    remoteAddr: here,
    protocol: { sendData: (data: Buffer) => void sent.push(data) },
  } as unknown as CheckedPair
  const agent = {
    state: 'connected',
    nominated: path as CheckedPair | undefined,
    localUsername: 'us',
    remoteUsername: 'them',
    remotePassword: 'their secret',
    iceControlling: false,
    tieBreaker: 7n,
    consentFresh: false,
    setState(state: string) {
      this.state = state
    },
  }
  const consent = new Consent({ agent: agent as unknown as IceAgent, clock })
  const answer = (request: Buffer, password = agent.remotePassword) =>
    consent.takes(writeBindingResponse(request, here, password))
  return { clock, agent, consent, sent, path, answer }
}

/** Every answer after 40 ms. */
function advanceAnswered({ clock, sent, answer }: ReturnType<typeof onPath>, forMs: number) {
  for (let ms = 0; ms < forMs; ms += 20) {
    clock.advance(20)
    for (const request of sent.splice(0)) clock.after(40, () => answer(request))
  }
}

describe('consent', () => {
  it('is asked for every four to six seconds, by an authentic check of the path', () => {
    const { clock, agent, consent, sent, answer } = onPath()
    consent.start()
    expect(agent.consentFresh).toBe(true)
    clock.advance(3999)
    expect(sent).toHaveLength(0)
    for (let i = 1; i <= 20; i++) {
      let waitedMs = 0
      for (; sent.length < i && waitedMs <= 6001; waitedMs += 10) clock.advance(10)
      expect(sent).toHaveLength(i)
      const request = sent.at(-1)!
      expect([localFragmentOf(request), hasIntegrity(request, 'their secret')]).toEqual(['them', true])
      expect(answer(request)).toBe(true)
    }
    expect(agent.state).toBe('connected')
  })

  it('lasts as long as answers come, and each says the round trip time', () => {
    const all = onPath()
    all.consent.start()
    advanceAnswered(all, 300_000)
    expect(all.agent.state).toBe('connected')
    expect(all.path.rtt).toBeGreaterThanOrEqual(0.04)
    expect(all.path.rtt).toBeLessThanOrEqual(0.061)
  })

  it('ends thirty seconds after the last answer', () => {
    const { clock, agent, consent, sent } = onPath()
    consent.start()
    clock.advance(29_990)
    expect([agent.state, agent.consentFresh]).toEqual(['connected', true])
    expect(sent.length).toBeGreaterThanOrEqual(4)
    clock.advance(20)
    expect([agent.state, agent.consentFresh, clock.pendingTimers]).toEqual(['failed', false, 0])
  })

  it('takes no answer that is forged, of another, or given twice', () => {
    const { clock, consent, sent, answer } = onPath()
    consent.start()
    clock.advance(6001)
    const [request] = sent
    expect(answer(request!, 'guessed')).toBe(false)
    const other = Buffer.from(request!)
    other[9] = other[9]! ^ 1
    expect(answer(other)).toBe(false)
    expect(answer(request!)).toBe(true)
    expect(answer(request!)).toBe(false)
  })

  it('does not count the time in which this process stood', () => {
    const { clock, agent, consent, sent, answer } = onPath()
    consent.start()
    clock.advance(6001)
    answer(sent[0]!)
    clock.stall(120_000)
    clock.advance(0)
    expect(agent.state).toBe('connected')
    expect(sent.length).toBeGreaterThan(1)
    answer(sent.at(-1)!)
    clock.advance(20_000)
    expect(agent.state).toBe('connected')
  })

  it.each([
    ['another path', { nominated: {} as CheckedPair }],
    ['no path', { nominated: undefined }],
    ['an agent that closed', { state: 'closed' }],
    ['an agent that failed', { state: 'failed' }],
  ])('asks no more once there is %s, and fails nobody', (_, change) => {
    const { clock, agent, consent, sent } = onPath()
    consent.start()
    Object.assign(agent, change)
    const { state } = agent
    clock.advance(100_000)
    expect([agent.state, sent.length, clock.pendingTimers]).toEqual([state, 0, 0])
  })

  it('begins anew when it is started again', () => {
    const { clock, agent, consent } = onPath()
    consent.start()
    clock.advance(25_000)
    consent.start()
    expect(clock.pendingTimers).toBe(1)
    clock.advance(25_000)
    expect(agent.state).toBe('connected')
  })
})
