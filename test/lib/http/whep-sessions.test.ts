import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { WhepSessions } from '../../../src/lib/http/whep-sessions.ts'
import { parseFragment } from '../../../src/lib/protocol/whep.ts'
import { cids, createMemoryEngine, offerSdp } from '../../support/http-engine.ts'

const candidateLine = 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host'

async function begun() {
  const engine = createMemoryEngine()
  const sessions = new WhepSessions(engine, systemClock)
  const answer = await sessions.begin(offerSdp, cids.film, () => ({ open: { content: cids.film } }))
  return { engine, sessions, ...answer }
}

describe('WHEP sessions', () => {
  it('look at the offer before anything is chosen or opened for it', async () => {
    const engine = createMemoryEngine()
    const sessions = new WhepSessions(engine, systemClock)
    const choose = () => {
      throw new Error('was asked')
    }
    await expect(sessions.begin('v=0\r\n', cids.film, choose)).rejects.toMatchObject({ code: 'INVALID_SDP' })
    expect(engine.list()).toEqual([])
  })

  it('close the stream that was opened for an offer which the engine refuses, and leave one that waited', async () => {
    const engine = createMemoryEngine()
    const sessions = new WhepSessions(engine, systemClock)
    const { id } = await engine.open({ content: cids.film })
    engine.acceptOffer = () => Promise.reject(new Error('refused'))
    await expect(sessions.begin(offerSdp, cids.film, () => ({ streamId: id }))).rejects.toThrow('refused')
    expect(engine.get(id)?.state).toBe('waiting')
    const opened = sessions.begin(offerSdp, cids.film, () => ({ open: { content: cids.film } }))
    await expect(opened).rejects.toThrow('refused')
    expect(engine.list().map(({ state }) => state)).toEqual(['waiting', 'closed'])
  })

  it('take candidates under the tag of now, and restart under new credentials with a new tag', async () => {
    const { engine, sessions, key, etag } = await begun()
    const trickle = parseFragment(`${candidateLine}\r\na=end-of-candidates\r\n`)
    expect(await sessions.patch(key, etag, trickle)).toBeUndefined()
    expect(engine.argsOf('addCandidate')).toHaveLength(2)
    const restart = parseFragment(`a=ice-ufrag:new1\r\na=ice-pwd:${'n'.repeat(22)}\r\n${candidateLine}\r\n`)
    const restarted = await sessions.patch(key, '*', restart)
    expect(restarted?.etag).not.toBe(etag)
    expect(engine.argsOf('acceptOffer')[1]![1]).toContain('a=ice-ufrag:new1')
    await expect(sessions.patch(key, etag, trickle)).rejects.toMatchObject({ statusCode: 412 })
    await expect(sessions.patch(key, undefined, trickle)).rejects.toMatchObject({ statusCode: 428 })
    await expect(sessions.patch(key, '*', { ...parseFragment('a=ice-ufrag:new2\r\n') })).rejects.toMatchObject({
      code: 'INVALID_SDP',
    })
  })

  it('are known by their key alone, and end with their stream', async () => {
    const { engine, sessions, key } = await begun()
    expect(sessions.contentOf(key)).toBe(cids.film)
    const { id } = engine.list()[0]!
    expect(() => sessions.contentOf(id)).toThrow('there is no WHEP session')
    expect(() => sessions.waiting(id)).toThrow(`the stream "${id}" is already`)
    await sessions.end(key)
    expect(engine.get(id)).toMatchObject({ state: 'closed', closeReason: 'viewer_left' })
    expect(() => sessions.contentOf(key)).toThrow('there is no WHEP session')
    await expect(sessions.end(key)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
  })
})
