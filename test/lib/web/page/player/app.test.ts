// The whole player over a session, in the states that a viewer comes to see.
import { h } from 'preact'
import { describe, expect, it, vi } from 'vitest'
import { App } from '../../../../../src/web/player/app.tsx'
import { failures } from '../../../../../src/web/player/failure.ts'
import type { Session, SessionState } from '../../../../../src/web/player/session.ts'
import { takeSample } from '../../../../../src/web/player/stats.ts'
import { HelpPanel, StatsPanel } from '../../../../../src/web/player/stats-panel.tsx'
import { openPage } from '../small-document.ts'

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const media = { durationS: 60, mode: 'fixed', rungs: [], tracks: [], rotation: 90, container: 'webm' }
const video = { kind: 'video', codec: 'h264', sourceCodec: 'hevc', transcoded: true }
const plays = { phase: 'connected', hasPlayed: true, media, sent: [video] }

async function openPlayer(state: Record<string, unknown>, content = cid) {
  const page = openPage(`http://host/b/player/${content}`)
  vi.stubGlobal('requestAnimationFrame', () => 1)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
  vi.stubGlobal('navigator', {})
  const listeners = new Set<() => void>()
  const session = {
    state: {
      phase: 'connecting',
      hasPlayed: false,
      attempt: 0,
      sent: [],
      quality: 'auto',
      ...state,
    } as unknown as SessionState,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ...{ positionS: () => 0, connect: vi.fn(), play: vi.fn(), pause: vi.fn(), dismissWarning: vi.fn() },
  }
  await page.show(h(App, { session: session as unknown as Session, address: { base: '/b', content } }))
  await page.settle()
  const become = async (next: Record<string, unknown>) => {
    session.state = { ...session.state, ...next } as SessionState
    for (const listener of listeners) listener()
    await page.settle()
    await page.settle()
  }
  return { ...page, session, listeners, become }
}

describe('the player', () => {
  it('waits, plays, and says what it plays', async () => {
    const { text, become, has, get, stored, document } = await openPlayer({})
    expect(text()).toContain('Fetching the content…')
    expect(has('.controls')).toBe(false)
    await become(plays)
    expect(has('.controls')).toBe(true)
    expect(has('.waiting')).toBe(false)
    expect(get('.what p').textContent).toBe('H.264 (from H.265)')
    expect(get('video').getAttribute('data-rotation')).toBe('90')
    expect(document.title).toBe('bafybeigd…5fbzdi · mcpx')
    expect(JSON.parse(stored.get('mcpx.recent')!)).toMatchObject([{ content: cid, durationS: 60 }])
  })

  it('is plain also in the title of its window', async () => {
    const { document } = await openPlayer({}, `${cid}/gpj.\u202Eexe`)
    expect(document.title).toBe('gpj.\ufffdexe · mcpx')
  })

  it.each([
    [{ isBuffering: true }, 'Buffering…'],
    [{ seekingToS: 5 }, 'Seeking…'],
    [{ isEnded: true }, 'The end'],
    [{ phase: 'closed' }, 'The stream was closed'],
  ])('over a picture with %j says "%s"', async (state, words) => {
    const { get } = await openPlayer({ ...plays, ...state })
    expect(get('.waiting').textContent).toContain(words)
  })

  it('plays again after the end', async () => {
    const { click, session } = await openPlayer({ ...plays, isEnded: true })
    await click('.replay')
    expect(session.play).toHaveBeenCalledOnce()
  })

  it('says that it comes back by itself, and only after some tries what is in the way', async () => {
    const waiting = { ...plays, phase: 'waiting', attempt: 1, failure: failures.connectionLost }
    const { get, has, become } = await openPlayer(waiting)
    expect(get('.notices').textContent).toContain('Connection lost. Reconnecting…')
    expect(has('#failure-title')).toBe(false)
    await become({ attempt: 3 })
    expect(get('#failure-title').textContent).toBe('Connection lost')
    expect(get('.notices').textContent).not.toContain('Reconnecting')
  })

  it('tells when the next try is, and tries now if asked', async () => {
    const retryAtMs = performance.now() + 4_900
    const state = { phase: 'waiting', attempt: 1, failure: failures.serverGone, retryAtMs }
    const { get, click, session } = await openPlayer(state)
    expect(get('summary').textContent).toMatch(/^Next try in [45] s$/)
    await click('button', 'Try now')
    expect(session.connect).toHaveBeenCalledOnce()
  })

  it('offers the files of a folder by their paths in it, encoded as addresses', async () => {
    const files = [`${cid}/a b/<i>.mp4`, 'odd']
    const failure = { kind: 'choice', title: 'Which one?', detail: 'd', hint: 'h', code: 'AMBIGUOUS_CONTENT', files }
    const { all, texts, has } = await openPlayer({ phase: 'failed', failure })
    expect(texts('.file-list span')).toEqual(['a b/<i>.mp4', 'odd'])
    expect(all('.file-list a')[0]!.getAttribute('href')).toBe(`/b/player/${cid}/a%20b/%3Ci%3E.mp4`)
    expect([has('i'), has('.panel-actions')]).toEqual([false, false])
  })

  it('asks for a token where one is needed, and connects with it', async () => {
    const failure = { kind: 'token', title: 't', detail: 'd', hint: 'h', code: 'UNAUTHORIZED' }
    const { enter, fire, get, session } = await openPlayer({ phase: 'failed', failure })
    vi.stubGlobal('fetch', async () => new Response())
    await enter('input[type=password]', 'x')
    await fire(get('form'), 'submit')
    expect(session.connect).toHaveBeenCalledOnce()
  })

  it('shows a warning, and that the path is shaky, beside the picture', async () => {
    const { get } = await openPlayer({ ...plays, isUnstable: true, warning: '<b>slow</b>' })
    expect(get('.notices').textContent).toContain('The connection is unstable…')
    expect(get('.notices').textContent).toContain('<b>slow</b>')
  })

  it('pauses and goes on by a click on the picture, but not by the first touch', async () => {
    const { get, fire, session } = await openPlayer(plays)
    await fire(get('video'), 'click', { pointerType: 'touch' })
    expect(session.pause).not.toHaveBeenCalled()
    await fire(get('video'), 'click', { pointerType: 'mouse' })
    expect(session.pause).toHaveBeenCalledOnce()
  })

  it('asks the server to rest when the system pauses the picture, and to go on', async () => {
    const { get, fire, session, become } = await openPlayer({ ...plays, stream: undefined })
    await fire(get('video'), 'pause')
    expect(session.pause).not.toHaveBeenCalled()
    session.state = { ...session.state, stream: { active: true } } as never
    await fire(get('video'), 'pause')
    expect(session.pause).toHaveBeenCalledOnce()
    session.state = { ...session.state, stream: undefined, isPaused: true } as never
    await become({})
    await fire(get('video'), 'play')
    await fire(get('video'), 'play')
    expect(session.play).toHaveBeenCalledOnce()
  })

  it('listens to its session no longer than it is there', async () => {
    const { show, listeners } = await openPlayer(plays)
    expect(listeners.size).toBeGreaterThan(0)
    await show(null)
    expect(listeners.size).toBe(0)
  })
})

describe('the statistics', () => {
  async function openStats(...looks: readonly Record<string, unknown>[]) {
    const page = openPage()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let at = 0
    const freezes = { freezeCount: 2, totalFreezesDurationS: 1.25 }
    const session = {
      state: { streamId: 's-<1>' },
      firstFrameMs: 9.96,
      look: async () => {
        const entry = looks[at]
        return (
          entry && {
            sample: takeSample([{ id: 'v', type: 'inbound-rtp', kind: 'video', ...entry }], at++ * 1000),
            freezes,
          }
        )
      },
    }
    const onClose = vi.fn()
    await page.show(h(StatsPanel, { session: session as unknown as Session, onClose }))
    await page.settle()
    await page.settle()
    const row = (name: string) => page.all('dl div').find((one) => one.querySelector('dt')?.textContent === name)!
    const said = (name: string) => row(name).querySelector('dd')!.textContent
    const isBad = (name: string) => row(name).matches('.bad')
    const next = async () => {
      await page.pass(1000)
      await page.settle()
    }
    return { ...page, said, isBad, next, onClose, done: () => vi.useRealTimers() }
  }

  it('are rates from the second look on, and marked where they are bad', async () => {
    const { said, isBad, next, has, done } = await openStats(
      { packetsReceived: 100, packetsLost: 0, framesDecoded: 1, frameWidth: 640, frameHeight: 360 },
      {
        ...{ packetsReceived: 190, packetsLost: 10, framesDecoded: 31, frameWidth: 640, frameHeight: 360 },
        ...{ bytesReceived: 125_000, framesDropped: 2, jitter: 0.01234 },
      },
    )
    expect([said('Bitrate'), said('Packets lost'), said('First frame')]).toEqual(['–', '0', '10 ms'])
    await next()
    expect(said('Bitrate')).toBe('1.0 Mbps')
    expect(said('Frame rate')).toBe('30.0 fps')
    expect(said('Resolution')).toBe('640 × 360')
    expect(said('Packets lost')).toBe('10 (10.0 %)')
    expect(said('Frames dropped')).toBe('2 of 33')
    expect(said('Jitter')).toBe('12 ms')
    expect(said('Freezes')).toBe('2 (1.3 s)')
    expect([isBad('Packets lost'), isBad('Freezes'), isBad('Bitrate')]).toEqual([true, true, false])
    expect(said('Stream')).toBe('s-<1>')
    expect(has('.sparkline')).toBe(false)
    done()
  })

  it('draw the last minute of the bitrate', async () => {
    const { next, get, done } = await openStats(...[0, 1, 3].map((much) => ({ bytesReceived: much * 125_000 })))
    await next()
    await next()
    const points = get('polyline').getAttribute('points')!.split(' ')
    expect(points).toEqual(['235.9,19.0', '240.0,3.0'])
    done()
  })

  it('say that there is no connection', async () => {
    const { text, click, onClose, done } = await openStats()
    expect(text()).toContain('No connection.')
    await click('button', 'Close statistics')
    expect(onClose).toHaveBeenCalledOnce()
    done()
  })

  it('stand beside a list of the keys', () => {
    const { show, texts } = openPage()
    void show(h(HelpPanel, { onClose: () => undefined }))
    expect(texts('kbd')).toContain('Space, K')
  })
})
