// The controls of the player as they are used, with a session that writes down what is asked of it.
import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Controls } from '../../../../../src/web/player/controls.tsx'
import { useKeys, useSound } from '../../../../../src/web/player/hooks.ts'
import { SeekBar } from '../../../../../src/web/player/seek-bar.tsx'
import type { Session, SessionState } from '../../../../../src/web/player/session.ts'
import { openPage, type SmallElement } from '../small-document.ts'

const rungs = [
  { index: 0, name: 'low', height: 240, width: 426 },
  { index: 1, name: 'high', height: 720, width: 1280 },
]
const tracks = [
  { id: 3, kind: 'audio', codec: 'opus', language: 'de' },
  { id: 5, kind: 'audio', codec: 'opus', language: 'en' },
]
const ladder = { durationS: 60, mode: 'ladder', rungs, tracks, rotation: 0, container: 'webm' }

function sessionIn(state: Partial<SessionState> | Record<string, unknown>) {
  const told: unknown[] = []
  const tell = (name: string) => vi.fn((...given: unknown[]) => void told.push([name, ...given]))
  const session = {
    state: {
      phase: 'connected',
      sent: [{ kind: 'video' }],
      isLooping: false,
      quality: 'auto',
      media: ladder,
      ...state,
    },
    positionS: () => 20,
    play: tell('play'),
    pause: tell('pause'),
    seek: tell('seek'),
    setQuality: tell('quality'),
    setAudioTrack: tell('audio'),
    setLoop: tell('loop'),
  }
  return { session: session as unknown as Session, told }
}

const quietFrames = () => {
  vi.stubGlobal('requestAnimationFrame', () => 1)
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
}

function openControls(state: Partial<SessionState> | Record<string, unknown> = {}) {
  const page = openPage()
  quietFrames()
  const { session, told } = sessionIn(state)
  const fullscreen = { isOn: false, isPossible: true, toggle: vi.fn() }
  const sound = {
    ...{ isMuted: false, volume: 0.5, isBlocked: false },
    ...{ setMuted: vi.fn(), setVolume: vi.fn(), unmute: vi.fn(), start: vi.fn() },
  }
  const video = { current: { play: vi.fn(async () => undefined) } as unknown as HTMLVideoElement }
  const toggle = vi.fn()
  const draw = (more: Record<string, unknown> = {}) =>
    page.show(h(Controls, { session, state: session.state, video, sound, fullscreen, toggle, ...more } as never))
  void draw()
  return { ...page, session, told, sound, fullscreen, toggle, draw }
}

describe('the controls', () => {
  it.each([
    [{}, 'Pause', 'pause'],
    [{ isPaused: true }, 'Play', 'play'],
    [{ phase: 'closed' }, 'Play', 'play'],
    [{ isEnded: true }, 'Replay', 'play'],
  ])('with %j offer "%s"', async (state, name, asked) => {
    const { click, told } = openControls(state)
    await click('button', name)
    expect(told).toEqual([[asked]])
  })

  it('turn the loop, the sound, the statistics and the full screen on and off', async () => {
    const { click, told, sound, toggle, fullscreen, draw } = openControls({ isLooping: true })
    await click('button', 'Loop')
    expect(told).toEqual([['loop', false]])
    await click('button', 'Mute')
    expect(sound.setMuted).toHaveBeenCalledWith(true)
    await draw({ sound: { ...sound, isMuted: true }, fullscreen: { ...fullscreen, isOn: true } })
    await click('button', 'Unmute')
    expect(sound.unmute).toHaveBeenCalledOnce()
    await click('button', 'Statistics')
    await click('button', 'Leave full screen')
    expect(toggle).toHaveBeenCalledWith('stats')
    expect(fullscreen.toggle).toHaveBeenCalledOnce()
  })

  it('say the volume in words, and nothing where it is muted', async () => {
    const { get, enter, sound, draw } = openControls()
    expect(get('.volume input').getAttribute('aria-valuetext')).toBe('50 percent')
    await enter('.volume input', '0.25')
    expect(sound.setVolume).toHaveBeenCalledWith(0.25)
    await draw({ sound: { ...sound, isMuted: true } })
    expect(get('.volume input').getAttribute('aria-valuetext')).toBe('0 percent')
  })

  it('offer no full screen and no picture in picture where the browser has none', () => {
    const { all, document, draw } = openControls()
    const offers = () =>
      ['Full screen', 'Picture in picture'].map((name) =>
        all('button').some((one) => one.getAttribute('aria-label') === name),
      )
    expect(offers()).toEqual([true, false])
    document.pictureInPictureEnabled = true
    void draw({ fullscreen: { isOn: false, isPossible: false, toggle: vi.fn() } })
    expect(offers()).toEqual([false, true])
  })
})

describe('the menu of qualities', () => {
  it('opens on what is chosen, asks for another, and gives the focus back', async () => {
    const { click, texts, told, get, has, document } = openControls({ rung: 1 })
    expect(get('.quality-button').textContent).toBe('Auto · 720p')
    await click('.quality-button')
    expect(texts('.menu-title')).toEqual(['Quality', 'Audio'])
    expect(document.activeElement?.textContent).toContain('Auto')
    await click('.menu-item', /^Low/)
    expect(told).toEqual([['quality', 'low']])
    expect(has('.menu')).toBe(false)
    expect(document.activeElement).toBe(get('.quality-button'))
  })

  it('has the first track for chosen until another is', async () => {
    const { click, get, told } = openControls()
    await click('.quality-button')
    expect(get('.menu-item', /German/).getAttribute('aria-checked')).toBe('true')
    await click('.menu-item', /English/)
    expect(told).toEqual([['audio', 5]])
  })

  it('goes round with the arrow keys, and closes by Escape and a click beside it', async () => {
    const { click, get, fire, document, has, all } = openControls()
    const key = (name: string) => fire(document.activeElement!, 'keydown', { key: name })
    await click('.quality-button')
    const items = all('.menu-item')
    expect(document.activeElement).toBe(items[0])
    // Else the keys of the page would change the volume too.
    expect(await key('ArrowUp')).toMatchObject({ isPrevented: true, isStopped: true })
    expect(document.activeElement).toBe(items.at(-1))
    await key('ArrowDown')
    expect(document.activeElement).toBe(items[0])
    const space = await key('x')
    expect(space.isPrevented).toBe(false)
    await key('Escape')
    expect(has('.menu')).toBe(false)
    await click('.quality-button')
    await fire(get('.menu'), 'pointerdown')
    expect(has('.menu')).toBe(true)
    await fire(document.body, 'pointerdown')
    expect(has('.menu')).toBe(false)
  })

  it('cannot be opened where there is nothing to choose', () => {
    const { get } = openControls({ media: { ...ladder, mode: 'fixed', tracks: [] } })
    expect(get('.quality-button').disabled).toBe(true)
    expect(get('.quality-button').getAttribute('title')).toBe('This content has one quality only')
  })
})

describe('the seek bar', () => {
  function openBar(durationS: number) {
    const page = openPage()
    quietFrames()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { session, told } = sessionIn({})
    void page.show(h(SeekBar, { session, durationS }))
    const bar = page.get('.seek-bar') as SmallElement & { getBoundingClientRect?: () => object }
    bar.getBoundingClientRect = () => ({ left: 100, width: 200 })
    return { ...page, told, bar }
  }

  it('stands where the session is, and says so', () => {
    const { get, bar, texts } = openBar(80)
    expect(get('input').value).toBe('20')
    expect(bar.styles.get('--at')).toBe('0.25')
    expect(get('input').getAttribute('aria-valuetext')).toBe('20 seconds of 1 minute 20 seconds')
    expect(texts('.time')).toEqual(['0:20', '1:20'])
  })

  it('seeks a few times a second while it is dragged, and to where it is let go', async () => {
    const { enter, told, pass, texts } = openBar(80)
    for (const value of ['30', '31', '32']) await enter('input', value)
    expect(told).toEqual([['seek', 30]])
    expect(texts('.seek-tip')).toEqual(['0:32'])
    await pass(250)
    expect(told.at(-1)).toEqual(['seek', 32])
    await enter('input', '33')
    await enter('input', '34', 'change')
    await pass(1000)
    expect(told.slice(2)).toEqual([['seek', 34]])
    expect(texts('.seek-tip')).toEqual([])
  })

  it('goes five seconds by an arrow key, and leaves those of the browser alone', async () => {
    const { get, fire, told } = openBar(80)
    const key = (name: string, more = {}) => fire(get('input'), 'keydown', { key: name, ...more })
    expect((await key('ArrowLeft')).isPrevented).toBe(true)
    await key('ArrowUp')
    for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }])
      expect((await key('ArrowLeft', more)).isPrevented).toBe(false)
    expect((await key('Tab')).isPrevented).toBe(false)
    expect((await key('constructor')).isPrevented).toBe(false)
    expect(told).toEqual([
      ['seek', 15],
      ['seek', 25],
    ])
  })

  it('shows the time under the pointer, inside the content', async () => {
    const { bar, fire, texts } = openBar(80)
    const move = async (clientX: number, pointerType = 'mouse') => {
      await fire(bar, 'pointermove', { clientX, pointerType })
      return texts('.seek-tip')
    }
    expect(await move(200, 'touch')).toEqual([])
    expect([await move(200), await move(0), await move(999)]).toEqual([['0:40'], ['0:00'], ['1:20']])
    await fire(bar, 'pointerleave')
    expect(texts('.seek-tip')).toEqual([])
  })

  it('cannot be moved where the content has no end, and shows no time there', async () => {
    const { get, bar, fire, texts } = openBar(0)
    expect(get('input').disabled).toBe(true)
    expect(texts('.time').at(-1)).toBe('live')
    expect(bar.styles.get('--at')).toBe('0')
    await fire(bar, 'pointermove', { clientX: 200, pointerType: 'mouse' })
    expect(texts('.seek-tip')).toEqual([])
  })
})

describe('the keys', () => {
  function openKeys(state: Record<string, unknown> = {}) {
    const page = openPage()
    const { session, told } = sessionIn(state)
    const sound = { isMuted: false, volume: 0.5, setVolume: vi.fn(), setMuted: vi.fn(), unmute: vi.fn() }
    const targets = { session, sound, toggle: vi.fn(), close: vi.fn(), fullscreen: { toggle: vi.fn() } }
    const View = () => {
      useKeys({ ...targets, video: { current: null } } as never)
      return h('p', null, h('input', { type: 'text' }), h('input', { type: 'range' }), h('button', null))
    }
    void page.show(h(View, {}))
    const press = (key: string, on = 'p', more = {}) => page.fire(page.get(on), 'keydown', { key, ...more })
    return { ...targets, ...page, told, press }
  }

  it('do what they say', async () => {
    const { press, told, sound, toggle, close, fullscreen } = openKeys()
    for (const key of [' ', 'K', 'ArrowLeft', 'ArrowRight', '0', '5', 'l']) await press(key)
    expect(told).toEqual([
      ...[['pause'], ['pause'], ['seek', 15], ['seek', 25], ['seek', 0], ['seek', 30], ['loop', true]],
    ])
    for (const key of ['ArrowUp', 'ArrowDown', 'm', 'f', 'i', '?', 'Escape']) await press(key)
    expect(sound.setVolume.mock.calls).toEqual([[0.6], [0.4]])
    expect(sound.setMuted).toHaveBeenCalledWith(true)
    expect(toggle.mock.calls).toEqual([['stats'], ['help']])
    expect([fullscreen.toggle, close].map((act) => act.mock.calls.length)).toEqual([1, 1])
  })

  it.each([
    ['k', 'input[type=text]', {}],
    [' ', 'button', {}],
    ['ArrowLeft', 'input[type=range]', {}],
    ['k', 'p', { ctrlKey: true }],
    ['k', 'p', { isComposing: true }],
    ['constructor', 'p', {}],
    ['F5', 'p', {}],
  ])('are left to the browser: %j on %s with %j', async (key, on, more) => {
    const { press, told } = openKeys()
    expect((await press(key, on, more)).isPrevented).toBe(false)
    expect(told).toEqual([])
  })

  it('do nothing where the length is not known', async () => {
    const { press, told } = openKeys({ media: undefined })
    expect((await press('5')).isPrevented).toBe(true)
    expect(told).toEqual([])
  })
})

describe('the sound', () => {
  function openSound(stored: Record<string, string> = {}, play: () => Promise<void> = async () => undefined) {
    const page = openPage()
    for (const [name, value] of Object.entries(stored)) page.stored.set(`mcpx.${name}`, value)
    const element = { volume: -1, muted: false, play: vi.fn(play) }
    const video = { current: element as unknown as HTMLVideoElement }
    let sound!: ReturnType<typeof useSound>
    const View = () => {
      sound = useSound(video)
      return null
    }
    void page.show(h(View, {}))
    const act = async (what: (current: typeof sound) => void) => {
      what(sound)
      await page.settle()
      await page.settle()
      return { isMuted: sound.isMuted, volume: sound.volume, isBlocked: sound.isBlocked }
    }
    return { ...page, element, act }
  }

  it.each([
    [{}, 1, false],
    [{ volume: '0.3', muted: 'true' }, 0.3, true],
    [{ volume: '7' }, 1, false],
    [{ volume: '-1' }, 0, false],
    [{ volume: 'loud', muted: 'yes' }, 0, false],
  ])('is as it was left, %j', async (stored, volume, isMuted) => {
    const { act, element } = openSound(stored)
    expect(await act(() => undefined)).toMatchObject({ volume, isMuted })
    expect(element).toMatchObject({ volume, muted: isMuted })
  })

  it('is kept between nothing and all, and muted at nothing', async () => {
    const { act, stored } = openSound()
    expect(await act((sound) => sound.setVolume(1.7))).toMatchObject({ volume: 1, isMuted: false })
    expect(await act((sound) => sound.setVolume(-0.1))).toMatchObject({ volume: 0, isMuted: true })
    expect([stored.get('mcpx.volume'), stored.get('mcpx.muted')]).toEqual(['0', 'true'])
    expect(await act((sound) => sound.unmute())).toMatchObject({ volume: 1, isMuted: false })
  })

  it('begins without where the browser wants it so, until the viewer asks', async () => {
    let isAllowed = false
    const { act, element, stored } = openSound({}, async () => {
      if (!isAllowed && !element.muted) throw new DOMException('no', 'NotAllowedError')
    })
    expect(await act((sound) => sound.start())).toMatchObject({ isMuted: true, isBlocked: true })
    expect(element.play).toHaveBeenCalledTimes(2)
    expect(stored.has('mcpx.muted')).toBe(false)
    isAllowed = true
    expect(await act((sound) => sound.unmute())).toMatchObject({ isMuted: false, isBlocked: false })
    expect(element.muted).toBe(false)
  })

  it('is not blocked by a stream that another one took over', async () => {
    const { act } = openSound({}, async () => {
      throw new DOMException('newer', 'AbortError')
    })
    expect(await act((sound) => sound.start())).toMatchObject({ isMuted: false, isBlocked: false })
  })
})
