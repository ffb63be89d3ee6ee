import { describe, expect, it } from 'vitest'
import { Attempt } from '../../../../src/web/player/attempt.ts'
import { type Answer, fakeBrowser, grants, isGone, origin, refuses } from './fake-browser.ts'

const request = { base: origin, content: 'bafy' }

/** An attempt that writes down what it tells. */
async function attempt(...answers: Answer[]) {
  const browser = fakeBrowser(...answers)
  const told: unknown[] = []
  const trying = new Attempt([], {
    track: () => told.push('track'),
    note: (note) => told.push(note),
    connected: () => told.push('connected'),
    unstable: (isUnstable) => told.push(isUnstable ? 'unstable' : 'stable'),
    lost: (cause, thrown) => told.push([cause, ...(thrown ? [(thrown as Error).name] : [])]),
  })
  await trying.start(request)
  return { ...browser, told, trying, peer: browser.peer(), channel: browser.peer().channel }
}

describe('one try to watch', () => {
  it('offers, takes the answer, and says that it is connected, once', async () => {
    const { told, peer, requests } = await attempt(grants())
    expect(requests).toEqual([{ method: 'POST', url: `${origin}/whep/bafy`, body: 'an offer' }])
    expect(peer.remoteSdp).toBe('an answer')
    peer.becomes('connected')
    peer.becomes('disconnected')
    peer.becomes('connected')
    expect(told).toEqual(['connected', 'unstable', 'stable'])
  })

  it('keeps commands until they can be said, in order and not without bound; a report is said then or never', async () => {
    const { trying, channel } = await attempt(grants())
    trying.tell({ type: 'report', report: {} })
    for (let timeS = 0; timeS < 40; timeS++) trying.send({ type: 'seek', timeS })
    expect(channel.sent).toEqual([])
    channel.open()
    expect(channel.sent).toHaveLength(32)
    trying.send({ type: 'pause' })
    trying.tell({ type: 'report', report: {} })
    expect(channel.sent.slice(31)).toMatchObject([{ type: 'seek', timeS: 31 }, { type: 'pause' }, { type: 'report' }])
  })

  it('passes on what the server says, and nothing that is no note', async () => {
    const { channel, told } = await attempt(grants())
    for (const text of ['{', 'null', '{}', '{"type":"epoch"}', '{"type":"media","media":{}}']) channel.hear(text)
    channel.hear({ type: 'buffering', buffering: true })
    expect(told).toEqual([{ type: 'buffering', buffering: true }])
  })

  it.each([
    ['a server that says no', refuses(404, 'CONTENT_NOT_FOUND'), 'WhepRefused'],
    ['a server that is not there', isGone, 'TypeError'],
  ])('is refused by %s', async (_who, answer, name) => {
    const { told, peer } = await attempt(answer)
    expect(told).toEqual([['refused', name]])
    expect(peer.connectionState).toBe('closed')
  })

  it('is blocked where no path comes about in 12 s, and leaves the session', async () => {
    const { told, pass, requests } = await attempt(grants())
    await pass(11_999)
    expect(told).toEqual([])
    await pass(1)
    expect(told).toEqual([['blocked']])
    expect(requests.at(-1)).toMatchObject({ method: 'DELETE', url: `${origin}/session/1` })
  })

  it('gives up sooner where the answer names relays, which another try would begin with', async () => {
    const { told, pass, trying } = await attempt(
      grants('<turn:relay.test>; rel="ice-server"; username="u"; credential="c"'),
    )
    await pass(3000)
    expect(told).toEqual([['blocked']])
    expect(trying.newIceServers).toEqual([{ urls: 'turn:relay.test', username: 'u', credential: 'c' }])
  })

  it.each([
    ['fails before it has stood', ['failed'], 'blocked'],
    ['fails after it has stood', ['connected', 'failed'], 'lost'],
  ])('is over when the path %s', async (_when, states, cause) => {
    const { told, peer } = await attempt(grants())
    for (const state of states) peer.becomes(state)
    expect(told.at(-1)).toEqual([cause])
  })

  it('is lost two seconds after the path broke, unless it comes back', async () => {
    const { told, peer, pass } = await attempt(grants())
    peer.becomes('connected')
    peer.becomes('disconnected')
    await pass(1999)
    peer.becomes('connected')
    await pass(10_000)
    peer.becomes('disconnected')
    await pass(2000)
    expect(told).toEqual(['connected', 'unstable', 'stable', 'unstable', ['lost']])
  })

  it('is lost with its control channel', async () => {
    const { told, channel } = await attempt(grants())
    channel.end()
    expect(told).toEqual([['lost']])
  })

  it('says nothing more once it is closed', async () => {
    const { told, trying, peer, channel, pass, requests } = await attempt(grants())
    trying.close()
    channel.hear({ type: 'ended' })
    peer.becomes('failed')
    channel.end()
    await pass(60_000)
    trying.send({ type: 'play' })
    expect([told, channel.sent]).toEqual([[], []])
    expect(requests.at(-1)).toMatchObject({ method: 'DELETE' })
  })
})
