import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { togglePictureInPicture, useFullscreen, useIdle, useMediaSession } from '../../../../../src/web/player/hooks.ts'
import type { Session } from '../../../../../src/web/player/session.ts'
import { openPage } from '../small-document.ts'

/** A stage in which a hook is used, and what it gives now. */
function using<T>(hook: (stage: { current: HTMLElement | null }) => T) {
  const page = openPage()
  const stage: { current: HTMLElement | null } = { current: null }
  let now!: T
  const View = () => {
    now = hook(stage)
    return h('div', { ref: stage, class: 'stage' })
  }
  const draw = () => page.show(h(View, {}))
  void draw()
  return { ...page, draw, stage: () => page.get('.stage'), now: () => now }
}

describe('a pointer that rests', () => {
  function openIdle() {
    let mayIdle = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const used = using((stage) => useIdle(stage, mayIdle))
    const allow = (next: boolean) => {
      mayIdle = next
      return used.draw()
    }
    return { ...used, allow }
  }

  it('is idle after a while, and is not as soon as anything is touched, wherever the key is pressed', async () => {
    const { pass, now, fire, stage, document } = openIdle()
    await pass(2599)
    expect(now()).toBe(false)
    await pass(1)
    expect(now()).toBe(true)
    await fire(stage(), 'pointermove')
    expect(now()).toBe(false)
    await pass(2600)
    expect(now()).toBe(true)
    await fire(document, 'keydown')
    expect(now()).toBe(false)
  })

  it('is never idle while something needs to be seen', async () => {
    const { pass, now, allow } = openIdle()
    await pass(2600)
    await allow(false)
    expect(now()).toBe(false)
    await pass(60_000)
    expect(now()).toBe(false)
    await allow(true)
    await pass(2600)
    expect(now()).toBe(true)
  })
})

describe('the full screen', () => {
  it('is entered and left, and follows what the browser says', async () => {
    const { now, stage, document, fire } = using(useFullscreen)
    const requestFullscreen = vi.fn(async () => undefined)
    const exitFullscreen = vi.fn(async () => undefined)
    Object.assign(stage(), { requestFullscreen })
    Object.assign(document, { exitFullscreen, fullscreenElement: null })
    now().toggle()
    expect(requestFullscreen).toHaveBeenCalledOnce()
    expect(now().isOn).toBe(false)
    Object.assign(document, { fullscreenElement: stage() })
    await fire(document, 'fullscreenchange')
    expect(now().isOn).toBe(true)
    now().toggle()
    expect(exitFullscreen).toHaveBeenCalledOnce()
    expect(now().isPossible).toBe(false)
  })

  it('is that of the picture where the browser knows no other', async () => {
    const { now, stage, document, draw } = using(useFullscreen)
    const webkitEnterFullscreen = vi.fn()
    stage().append(Object.assign(document.createElement('video'), { webkitEnterFullscreen }))
    now().toggle()
    expect(webkitEnterFullscreen).toHaveBeenCalledOnce()
    vi.stubGlobal(
      'HTMLVideoElement',
      class {
        webkitEnterFullscreen() {}
      },
    )
    await draw()
    expect(now().isPossible).toBe(true)
  })
})

describe('picture in picture', () => {
  it('is entered and left, and a refusal is no error', async () => {
    const { document } = openPage()
    const requestPictureInPicture = vi.fn(async () => {
      throw new DOMException('before the first frame', 'InvalidStateError')
    })
    const exitPictureInPicture = vi.fn(async () => undefined)
    const video = { current: { requestPictureInPicture } as unknown as HTMLVideoElement }
    Object.assign(document, { exitPictureInPicture, pictureInPictureElement: null })
    await togglePictureInPicture(video)
    expect(requestPictureInPicture).toHaveBeenCalledOnce()
    Object.assign(document, { pictureInPictureElement: {} })
    await togglePictureInPicture(video)
    expect(exitPictureInPicture).toHaveBeenCalledOnce()
  })
})

describe('the media keys of the system', () => {
  it('play, pause and seek, by the steps that the system names or ten seconds', () => {
    const handlers = new Map<string, (details: object) => void>()
    const mediaSession = {
      setActionHandler: (action: string, handler: (details: object) => void) => {
        if (action === 'seekto') throw new TypeError('a browser that does not know it')
        handlers.set(action, handler)
      },
    }
    vi.stubGlobal('navigator', { mediaSession })
    const told: unknown[] = []
    const session = {
      ...{ positionS: () => 20, play: () => told.push('play'), pause: () => told.push('pause') },
      seek: (timeS: number) => told.push(timeS),
    }
    using(() => useMediaSession(session as unknown as Session, { current: null }))
    for (const [action, details] of [
      ['play', {}],
      ['pause', {}],
      ['seekbackward', {}],
      ['seekbackward', { seekOffset: 3 }],
      ['seekforward', {}],
      ['seekforward', { seekOffset: 5 }],
    ] as const)
      handlers.get(action)!(details)
    expect(told).toEqual(['play', 'pause', 10, 17, 30, 25])
  })
})
