// The page of the load tool on a peer connection that does as a test says.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type BrowserRecord, browserRecords } from '../../../../../src/lib/protocol/browser-records.ts'
import { LoadPage } from '../../../../../src/web/load/page.ts'
import { type Answer, fakeBrowser, grants, origin, refuses } from '../fake-browser.ts'

class FakeVideo extends EventTarget {
  srcObject: unknown = null
  isThere = false
  #onFrame: ((nowMs: number, metadata: object) => void) | undefined

  async play(): Promise<void> {}

  requestVideoFrameCallback(onFrame: (nowMs: number, metadata: object) => void): void {
    this.#onFrame = onFrame
  }

  remove(): void {
    this.isThere = false
  }

  shows(): void {
    this.#onFrame?.(performance.now(), {})
  }
}

class FakeTrack extends EventTarget {
  muted = true
  readonly kind: string

  constructor(kind: string) {
    super()
    this.kind = kind
  }

  hears(): void {
    this.dispatchEvent(new Event('unmute'))
  }
}

class FakeStream {
  readonly #tracks = new Set<object>()
  addTrack = (track: object) => void this.#tracks.add(track)
  removeTrack = (track: object) => void this.#tracks.delete(track)
  getTracks = () => [...this.#tracks]
}

/** A page of which the clock is 700 ms ahead of the tool's. */
function open(...answers: Answer[]) {
  const browser = fakeBrowser(...answers)
  const videos: FakeVideo[] = []
  const style = { columns: '' }
  vi.stubGlobal('MediaStream', FakeStream)
  vi.stubGlobal('document', {
    createElement: () => {
      const video = new FakeVideo()
      videos.push(video)
      return video
    },
    body: {
      append: (video: FakeVideo) => {
        video.isThere = true
      },
      style: { setProperty: (_name: string, value: string) => Object.assign(style, { columns: value }) },
    },
  })
  const posts: BrowserRecord[][] = []
  const page = new LoadPage({
    base: `${origin}/secret`,
    clockOffsetMs: 700,
    post: (records) => posts.push([...records]),
  })
  pages.push(page)
  const plannedAtMs = performance.now() - 700
  const begin = async (session: number) => {
    page.obey({ type: 'open', session, plannedAtMs })
    await browser.pass(0)
  }
  return { ...browser, page, videos, style, posts, begin, last: () => posts.at(-1)?.at(-1) }
}

const pages: LoadPage[] = []
afterEach(() => {
  for (const page of pages.splice(0)) page.leave()
})

const media = {
  type: 'media',
  streamId: 's',
  clockRate: 90_000,
  media: { durationS: 15, container: 'ogg', mode: 'fixed', rotation: 0, tracks: [], rungs: [] },
  sent: [{ kind: 'audio', codec: 'opus', sourceCodec: 'opus', transcoded: false }],
}

describe('the page of the load tool', () => {
  it('offers to the tool, with a muted video on the screen', async () => {
    const { begin, offers, videos, style } = open(grants())
    await begin(3)
    expect(offers()).toEqual([{ method: 'POST', url: `${origin}/secret/sessions/3/whep/content`, body: 'an offer' }])
    expect(videos[0]).toMatchObject({ muted: true, autoplay: true, playsInline: true, isThere: true })
    for (let session = 4; session < 8; session++) await begin(session)
    expect(style.columns).toBe('3')
  })

  it('tells every second of all sessions, in the form that the tool takes', async () => {
    const { begin, pass, posts } = open(grants())
    await pass(5000)
    expect(posts).toEqual([])
    await begin(0)
    await begin(1)
    await pass(2000)
    expect(posts.map((records) => records.map(({ session, sequence }) => [session, sequence]))).toEqual([
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ])
    expect(browserRecords.parse(posts[1])).toEqual(posts[1])
  })

  it('measures waits on the clock of the tool, and tells of the first frame at once', async () => {
    const { begin, pass, peer, videos, last } = open(grants())
    await begin(0)
    const track = new FakeTrack('video')
    const at = (event: Event, fields: object = {}) => peer().dispatchEvent(Object.assign(event, fields))
    await pass(100)
    Object.assign(peer(), { signalingState: 'stable' })
    at(new Event('signalingstatechange'))
    at(new Event('track'), { track })
    await pass(20)
    Object.assign(peer(), { iceConnectionState: 'connected' })
    at(new Event('iceconnectionstatechange'))
    await pass(30)
    peer().becomes('connected')
    await pass(7)
    track.hears()
    await pass(43)
    videos[0]!.shows()
    await pass(0)
    expect(last()).toMatchObject({ startupMs: 200, connectMs: 150, iceMs: 20, dtlsMs: 30, firstPacketMs: 7, atMs: 200 })
  })

  it.each(['before', 'after'])(
    'has the first frame of sound alone with its first packet, %s it knows',
    async (when) => {
      const { begin, pass, peer, last } = open(grants())
      await begin(0)
      const track = new FakeTrack('audio')
      peer().dispatchEvent(Object.assign(new Event('track'), { track }))
      if (when === 'after') peer().channel.hear(media)
      await pass(60)
      track.hears()
      if (when === 'before') peer().channel.hear(media)
      await pass(0)
      expect(last()).toMatchObject({ startupMs: 60, durationS: 15 })
    },
  )

  it('asks for what the tool orders, and notes the rungs', async () => {
    const { begin, page, peer, pass, last } = open(grants())
    await begin(0)
    peer().channel.open()
    page.obey({ type: 'command', session: 0, command: { type: 'pause' } })
    page.obey({ type: 'command', session: 9, command: { type: 'pause' } })
    expect(peer().channel.sent).toEqual([{ type: 'pause' }])
    peer().channel.hear({ type: 'quality', quality: 'low', rung: 2, name: 'low' })
    await pass(1000)
    expect(last()?.rungs).toEqual([{ atMs: 0, quality: 'low' }])
  })

  it('closes what it is told to, with a last record, and leaves the server', async () => {
    const { begin, page, pass, posts, requests, videos, peer } = open(grants())
    await begin(0)
    page.obey({ type: 'close', session: 0 })
    await pass(0)
    expect(posts).toMatchObject([[{ session: 0, isOver: true, error: null }]])
    expect(requests.at(-1)).toMatchObject({ method: 'DELETE' })
    expect(videos[0]).toMatchObject({ isThere: false, srcObject: null })
    expect(peer().connectionState).toBe('closed')
    await pass(5000)
    expect(posts).toHaveLength(1)
  })

  it.each([
    ['refused', refuses(503, 'TOO_MANY_STREAMS'), () => {}, { code: 'PEER_FAILED' }],
    [
      'lost',
      grants(),
      (peer: ReturnType<ReturnType<typeof open>['peer']>) => peer.channel.end(),
      { code: 'PEER_FAILED' },
    ],
    [
      'closed by the server',
      grants(),
      (peer: ReturnType<ReturnType<typeof open>['peer']>) =>
        peer.channel.hear({ type: 'closed', reason: 'server_stopped' }),
      { code: 'SERVER_UNREACHABLE', message: 'the server closed the stream: server_stopped' },
    ],
  ])('says of a session that was %s why it is over, once', async (_how, answer, happens, error) => {
    const { begin, pass, posts, peer } = open(answer)
    await begin(0)
    happens(peer())
    await pass(3000)
    expect(posts.flat()).toHaveLength(1)
    expect(posts[0]).toMatchObject([{ isOver: true, error }])
  })

  it('tells the error that came before the end', async () => {
    const { begin, pass, last, peer } = open(grants())
    await begin(0)
    peer().channel.hear({ type: 'error', code: 'CONTENT_CORRUPT', message: 'a bad block', hint: '' })
    peer().channel.hear({ type: 'closed', reason: 'content_failed' })
    await pass(0)
    expect(last()?.error).toEqual({ code: 'CONTENT_CORRUPT', message: 'a bad block' })
  })

  it('keeps what was counted when the connection is lost, of which a closed one knows nothing', async () => {
    const { begin, pass, last, peer } = open(grants())
    await begin(0)
    const entry = { id: 'v', type: 'inbound-rtp', kind: 'video', packetsReceived: 9, framesDecoded: 8 }
    peer().getStats = async () => new Map([['v', entry]])
    await pass(1000)
    peer().getStats = async () => new Map()
    Object.assign(peer(), { signalingState: 'closed' })
    peer().channel.end()
    await pass(0)
    expect(last()).toMatchObject({ isOver: true, packets: 9, frames: 8 })
  })

  it('tries once more by the ICE servers that the answer named', async () => {
    const { begin, pass, peers, offers, last } = open(grants('<turn:t>; rel="ice-server"'))
    await begin(0)
    await pass(3000)
    expect(offers()).toHaveLength(2)
    expect(peers[1]!.configuration.iceServers).toEqual([{ urls: 'turn:t' }])
    await pass(12_000)
    expect(last()).toMatchObject({ isOver: true, error: { code: 'PEER_FAILED' } })
    expect(offers()).toHaveLength(2)
  })

  it('leaves all when the tool is gone', async () => {
    const { begin, page, pass, peers, posts } = open(grants())
    await begin(0)
    await begin(1)
    page.leave()
    expect(peers.map(({ connectionState }) => connectionState)).toEqual(['closed', 'closed'])
    await pass(5000)
    expect(posts).toEqual([])
  })
})
