import { describe, expect, it } from 'vitest'
import type { EpochCause } from '../../../../src/lib/model/epoch-cause.ts'
import { Session } from '../../../../src/web/player/session.ts'
import { type Answer, fakeBrowser, grants, isGone, origin, refuses } from './fake-browser.ts'

const media = { container: 'webm', durationS: 60, rungs: [], mode: 'fixed', rotation: 0, tracks: [] }
const sent = [{ kind: 'video', codec: 'vp8', sourceCodec: 'vp8', transcoded: false }]
const mediaNote = { type: 'media', streamId: 's1', media, sent, clockRate: 90_000 }
const epoch = (rtpTimestamp: number, mediaTimeS: number, cause: EpochCause = 'play', rate: 0 | 1 = 1) => ({
  type: 'epoch',
  epoch: { rtpTimestamp, mediaTimeS, rate, cause },
  paused: cause === 'pause',
})

/** A session that has asked for content. */
async function open(answers: Answer[], connectionId?: string) {
  const browser = fakeBrowser(...answers)
  const session = new Session({ base: origin, content: 'bafy', ...(connectionId ? { connectionId } : {}) })
  session.connect()
  await browser.pass(0)
  /** The newest attempt gets through. */
  const connect = () => {
    browser.peer().becomes('connected')
    browser.peer().channel.open()
  }
  const hear = (...notes: unknown[]) => {
    for (const note of notes) browser.peer().channel.hear(note)
  }
  const asked = () => browser.peer().channel.sent.filter(({ type }) => type !== 'report')
  return { ...browser, session, connect, hear, asked }
}

/** A session that plays, 10 s into the content. */
async function play(...answers: Answer[]) {
  const opened = await open(answers.length > 0 ? answers : [grants()])
  opened.connect()
  opened.hear(mediaNote, epoch(0, 10, 'start'))
  opened.session.onFrame(0)
  return opened
}

describe('a session of the player', () => {
  it('knows what the server says of the stream', async () => {
    const { session, hear } = await play()
    expect(session.state).toMatchObject({ phase: 'connected', hasPlayed: true, streamId: 's1', media, sent })
    expect(session.positionS()).toBe(10)
    hear({ type: 'quality', quality: 'low', rung: 1, name: 'low' }, { type: 'buffering', buffering: true })
    expect(session.state).toMatchObject({ quality: 'low', rung: 1, isBuffering: true })
    hear(epoch(90_000, 11, 'pause', 0), { type: 'ended' })
    expect(session.state).toMatchObject({ isPaused: true, isEnded: true, isBuffering: false })
    expect(session.positionS()).toBe(60)
  })

  it('asks for what the viewer wants', async () => {
    const { session, asked } = await play()
    session.pause()
    session.play()
    session.setQuality('high')
    session.setLoop(true)
    session.setAudioTrack(2)
    session.seek(500)
    expect(asked()).toEqual([
      { type: 'pause' },
      { type: 'play' },
      { type: 'quality', quality: 'high' },
      { type: 'loop', loop: true },
      { type: 'audio', trackId: 2 },
      { type: 'seek', timeS: 59.9 },
    ])
  })

  it('stands where a seek leads until a frame of there is shown, or for four seconds', async () => {
    const { session, hear, pass } = await play()
    session.seek(30)
    session.onFrame(3000)
    expect(session.positionS()).toBe(30)
    hear(epoch(90_000, 29, 'seek'))
    session.onFrame(3000)
    expect(session.state.seekingToS).toBe(30)
    session.onFrame(90_000)
    expect(session.state.seekingToS).toBeUndefined()
    expect(session.positionS()).toBe(29)
    session.seek(50)
    await pass(4000)
    expect(session.positionS()).toBe(29)
  })

  it('plays from the beginning after the end', async () => {
    const { session, hear, asked } = await play()
    hear({ type: 'ended' })
    session.play()
    expect(asked().map(({ type }) => type)).toEqual(['seek', 'play', 'play'])
    expect(session.state).toMatchObject({ isEnded: false, seekingToS: 0 })
  })

  it('comes back to where it was, paused as it was, after a path that broke, later each time', async () => {
    const { session, peer, peers, connect, offers, asked, pass } = await play()
    session.onFrame(180_000)
    session.pause()
    peer().becomes('failed')
    expect(session.state).toMatchObject({ phase: 'waiting', attempt: 1, failure: { kind: 'temporary' } })
    await pass(session.state.retryAtMs! - performance.now())
    expect(offers().at(-1)!.url).toBe(`${origin}/whep/bafy?start=12.000`)
    connect()
    expect(peers).toHaveLength(2)
    expect(session.state.phase).toBe('connected')
    expect(asked()).toEqual([{ type: 'pause' }])
    peer().becomes('failed')
    expect(session.state).toMatchObject({ phase: 'waiting', attempt: 2 })
    await pass(session.state.retryAtMs! - performance.now())
    connect()
    await pass(6000)
    peer().becomes('failed')
    expect(session.state).toMatchObject({ phase: 'waiting', attempt: 1 })
  })

  it('tries again where nobody answers, and not where the answer is final', async () => {
    const { session, pass, offers } = await open([isGone, refuses(400, 'INVALID_CID')])
    expect(session.state.phase).toBe('waiting')
    await pass(1000)
    expect(session.state).toMatchObject({ phase: 'failed', failure: { code: 'INVALID_CID', kind: 'final' } })
    await pass(60_000)
    expect(offers()).toHaveLength(2)
  })

  it('waits for a server that has played it and does not know it now', async () => {
    const { session, peer, pass } = await play(grants(), refuses(404, 'CONTENT_NOT_FOUND'))
    peer().becomes('failed')
    await pass(1000)
    expect(session.state).toMatchObject({ phase: 'waiting', attempt: 2, failure: { code: 'CONTENT_NOT_FOUND' } })
  })

  it('plays the same content as a stream of its own where the one that waited is gone', async () => {
    const { session, offers, connect } = await open([refuses(409, 'STREAM_CONFLICT'), grants()], 'c1')
    expect(offers().map(({ url }) => url)).toEqual([`${origin}/whep/bafy?connection_id=c1`, `${origin}/whep/bafy`])
    connect()
    expect(session.state.phase).toBe('connected')
  })

  it('begins again at once with the relays that the answer named', async () => {
    const { peers, pass } = await open([grants('<turn:relay.test>; rel="ice-server"; username="u"; credential="c"')])
    await pass(3000)
    expect(peers.map(({ configuration }) => configuration.iceServers?.length)).toEqual([0, 1])
  })

  it.each([
    ['requested', 'closed', undefined],
    ['server_stopped', 'waiting', 'temporary'],
    ['content_failed', 'failed', 'final'],
  ])('is %s by the server, and then "%s"', async (reason, phase, kind) => {
    const { session, hear } = await play()
    if (reason === 'content_failed')
      hear({ type: 'error', code: 'CONTENT_CORRUPT', message: 'a block', hint: 'another file' })
    hear({ type: 'closed', reason })
    expect(session.state.phase).toBe(phase)
    expect(session.state.failure?.kind).toBe(kind)
    if (reason === 'content_failed') expect(session.state.failure).toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('leaves the server, and tells nobody any more', async () => {
    const { session, requests, peer, pass, offers } = await play()
    session.leave()
    expect(requests.at(-1)).toMatchObject({ method: 'DELETE' })
    expect(peer().connectionState).toBe('closed')
    await pass(60_000)
    expect(offers()).toHaveLength(1)
    expect(await session.look()).toBeUndefined()
  })

  it('reports every two seconds while it is connected, and what it shows is what it reports', async () => {
    const { session, peer, pass } = await play()
    await pass(4000)
    expect(peer().channel.sent.map(({ type }) => type)).toEqual(['report', 'report'])
    expect(await session.look()).toMatchObject({ freezes: { freezeCount: 0, totalFreezesDurationS: 0 } })
  })
})
