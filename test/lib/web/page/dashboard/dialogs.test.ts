import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConfirmDialog } from '../../../../../src/web/dashboard/dialog.tsx'
import { useLayout, useNotices, useSelection } from '../../../../../src/web/dashboard/hooks.ts'
import { defaultLayout, type Layout, shownIds } from '../../../../../src/web/dashboard/layout.ts'
import { SettingsDialog } from '../../../../../src/web/dashboard/settings-dialog.tsx'
import { StartDialog } from '../../../../../src/web/dashboard/start-dialog.tsx'
import { openPage, type Page } from '../small-document.ts'

describe('a question before what cannot be taken back', () => {
  async function ask() {
    const page = openPage()
    const told = { onConfirm: vi.fn(), onClose: vi.fn() }
    await page.show(h(ConfirmDialog, { title: 'Close all?', text: '3 open', action: 'Close all', ...told }))
    return { ...page, ...told }
  }

  it('keeps the page out of reach, and does nothing by itself', async () => {
    const { get, onConfirm } = await ask()
    expect(get('dialog').isOpen).toBe(true)
    expect(onConfirm).not.toHaveBeenCalled()
  })

  it.each([
    ['Cancel', 0],
    ['Close', 0],
    ['Close all', 1],
  ])('is over by "%s", which acts %i times', async (name, times) => {
    const { click, onConfirm, onClose } = await ask()
    await click('button', name)
    expect(onConfirm).toHaveBeenCalledTimes(times)
    expect(onClose).toHaveBeenCalledOnce()
  })

  it('is over by a click beside it, and not by one in it', async () => {
    const { fire, get, onClose } = await ask()
    await fire(get('p'), 'click')
    expect(onClose).not.toHaveBeenCalled()
    await fire(get('dialog'), 'click')
    expect(onClose).toHaveBeenCalledOnce()
  })
})

describe('starting a stream', () => {
  function openStart(answer: () => Response | Promise<Response>) {
    const page = openPage('http://host/b/dashboard')
    const told = { onStarted: vi.fn(), onClose: vi.fn() }
    const asked: unknown[] = []
    vi.stubGlobal('fetch', async (url: string, { body }: RequestInit) => {
      asked.push([url, JSON.parse(String(body))])
      return answer()
    })
    void page.show(h(StartDialog, { base: '/b', ...told }))
    return { ...page, ...told, asked, submit: () => page.fire(page.get('form'), 'submit') }
  }

  it('asks for what is written and chosen, and says where to watch it', async () => {
    const player = '/b/player/bafy?connection_id=c1'
    const { enter, submit, asked, onStarted, get, click } = openStart(() =>
      Response.json({ success: true, connection_id: 'c1', player }),
    )
    await enter('input', '  bafy/a b ')
    await enter('select', 'very_low', 'change')
    await submit()
    expect(asked).toEqual([['/b/api/v0/webrtc/stream', { cid: 'bafy/a b', quality: 'very_low' }]])
    expect(onStarted).toHaveBeenCalledWith('c1')
    expect(get('a').getAttribute('href')).toBe(player)
    const writeText = vi.fn(async () => undefined)
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    await click('button', 'Address')
    expect(writeText).toHaveBeenCalledWith(`http://host${player}`)
  })

  it('gives no address to follow that leads elsewhere', async () => {
    const { enter, submit, has } = openStart(() => Response.json({ success: true, player: '//elsewhere.test/' }))
    await enter('input', 'bafy')
    await submit()
    expect(has('a')).toBe(false)
  })

  it('says why it did not work, and can be tried again', async () => {
    const { enter, submit, get, onStarted } = openStart(() =>
      Response.json({ success: false, error: 'nobody has <b>it</b>', hint: 'Add it.' }),
    )
    await enter('input', 'bafy')
    await submit()
    expect(get('.problem').textContent).toBe('nobody has <b>it</b> Add it.')
    expect(get('input').getAttribute('aria-invalid')).toBe('true')
    expect(get('form button').disabled).toBe(false)
    expect(onStarted).not.toHaveBeenCalled()
  })

  it('asks once, and not for nothing', async () => {
    let answer: (response: Response) => void = () => undefined
    const { enter, submit, asked, get, settle } = openStart(() => new Promise((resolve) => (answer = resolve)))
    await submit()
    await enter('input', '   ')
    await submit()
    expect(asked).toEqual([])
    await enter('input', 'bafy')
    await submit()
    await submit()
    expect([asked.length, get('form button').textContent.trim()]).toEqual([1, 'Opening…'])
    answer(Response.json({ success: true }))
    await settle()
  })
})

describe('the settings', () => {
  const panels = [
    ['summary', 'Summary'],
    ['events', 'Events'],
    ['plugin.prices', 'Prices <b>'],
  ] as const

  function openSettings() {
    const page = openPage()
    let layout: Layout = defaultLayout
    const onChange = (change: Partial<Layout>) => {
      layout = { ...layout, ...change }
      void draw()
    }
    const draw = () => page.show(h(SettingsDialog, { layout, panels, onChange, onClose: () => undefined }))
    void draw()
    const shown = () =>
      shownIds(
        layout.panels,
        panels.map(([id]) => id),
      )
    const box = (name: string) => page.get('label', name).querySelector('input')!
    return { ...page, layout: () => layout, shown, box }
  }

  it('move and hide panels, those of plugins too', async () => {
    const { click, shown, box, fire, get } = openSettings()
    expect(get('button', 'Move Summary up').disabled).toBe(true)
    expect(get('button', 'Move Prices <b> down').disabled).toBe(true)
    await click('button', 'Move Prices <b> up')
    expect(shown()).toEqual(['summary', 'plugin.prices', 'events'])
    await fire(Object.assign(box('Summary'), { checked: false }), 'change')
    expect(shown()).toEqual(['plugin.prices', 'events'])
    expect(box('Summary').checked).toBe(false)
  })

  it('choose colours, the length of the charts and how often to ask, as numbers', async () => {
    const { all, fire, layout } = openSettings()
    const [theme, windowMin, pollS] = all('select')
    await fire(Object.assign(theme!, { value: 'dark' }), 'change')
    await fire(Object.assign(windowMin!, { value: '60' }), 'change')
    await fire(Object.assign(pollS!, { value: '1' }), 'change')
    expect(layout()).toMatchObject({ theme: 'dark', windowMin: 60, pollS: 1 })
  })

  it('come back to what they were in the beginning', async () => {
    const { click, layout } = openSettings()
    await click('button', 'Move Events up')
    expect(layout()).not.toEqual(defaultLayout)
    await click('button', 'Reset to defaults')
    expect(layout()).toEqual(defaultLayout)
  })
})

describe('what the page remembers', () => {
  /** What a hook gives, as it is now. */
  function using<T>(page: Page, hook: () => T) {
    let now!: T
    const View = () => {
      now = hook()
      return null
    }
    void page.show(h(View, {}))
    return async (act: (now: T) => void = () => undefined) => {
      act(now)
      await page.settle()
      return now
    }
  }

  it('is the layout, from visit to visit', async () => {
    const page = openPage()
    const use = using(page, useLayout)
    await use(([, change]) => change({ theme: 'dark', pollS: 10 }))
    expect(JSON.parse(page.stored.get('mcpx.dashboard')!)).toMatchObject({ theme: 'dark', pollS: 10, windowMin: 5 })
    expect((page.document.documentElement.style as unknown as { colorScheme: string }).colorScheme).toBe('dark')
    await page.show(null)
    const [layout] = await using(page, useLayout)()
    expect(layout).toMatchObject({ theme: 'dark', pollS: 10 })
  })

  it('is the layout also where nothing can be stored', async () => {
    const page = openPage()
    const refuse = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse })
    const [layout] = await using(page, useLayout)(([, change]) => change({ theme: 'light' }))
    expect(layout.theme).toBe('light')
  })

  it.each([
    ['#connection=a%20b', 'a b'],
    ['#connection=', undefined],
    ['#other=1', undefined],
    [`#connection=${'x'.repeat(500)}`, 'x'.repeat(200)],
  ])('is the connection in the address: %s', async (hash, id) => {
    const [selected] = await using(openPage(`http://host/dashboard${hash}`), useSelection)()
    expect(selected).toBe(id)
  })

  it('writes the choice into the address, and follows the address', async () => {
    const page = openPage('http://host/b/dashboard?x=1')
    const use = using(page, useSelection)
    const [selected] = await use(([, select]) => select('a/b#c'))
    expect(selected).toBe('a/b#c')
    expect(history.replaceState).toHaveBeenLastCalledWith(null, '', '/b/dashboard?x=1#connection=a%2Fb%23c')
    location.hash = '#connection=other'
    await page.fire(page.window, 'hashchange')
    expect((await use())[0]).toBe('other')
    await use(([, select]) => select(undefined))
    expect(history.replaceState).toHaveBeenLastCalledWith(null, '', '/b/dashboard?x=1')
  })

  it('forgets what went well in six seconds, keeps what did not, and never more than four', async () => {
    const page = openPage()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const use = using(page, useNotices)
    const messages = async () => (await use()).notices.map(({ outcome }) => outcome.message)
    await use(({ tell }) => tell({ isDone: true, message: 'good' }))
    await use(({ tell }) => tell({ isDone: false, message: 'bad' }))
    await page.pass(5999)
    expect(await messages()).toEqual(['good', 'bad'])
    await page.pass(1)
    await page.pass(60_000)
    expect(await messages()).toEqual(['bad'])
    for (let at = 0; at < 6; at++) await use(({ tell }) => tell({ isDone: false, message: `bad ${at}` }))
    expect(await messages()).toEqual(['bad 2', 'bad 3', 'bad 4', 'bad 5'])
    const { notices, dismiss } = await use()
    dismiss(notices[1]!.id)
    expect(await messages()).toEqual(['bad 2', 'bad 4', 'bad 5'])
  })
})
