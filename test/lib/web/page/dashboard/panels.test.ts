// The panels of the dashboard below the table, as they are drawn and used.
import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { LiveConnection, LiveState } from '../../../../../src/lib/protocol/live.ts'
import { DetailPanel } from '../../../../../src/web/dashboard/detail-panel.tsx'
import { Actions, Head, Notices } from '../../../../../src/web/dashboard/head.tsx'
import { EventsPanel, OperationsPanel, TasksPanel, WorkersPanel } from '../../../../../src/web/dashboard/log-panels.tsx'
import { ScoreRing } from '../../../../../src/web/dashboard/parts.tsx'
import { PluginPanel } from '../../../../../src/web/dashboard/plugin-panel.tsx'
import { createSampleKeeper } from '../../../../../src/web/dashboard/samples.ts'
import { Tiles } from '../../../../../src/web/dashboard/tiles.tsx'
import { bareConnection, connection, liveState, sampleAt, startedAtMs } from '../../../../support/live-state.ts'
import { openPage } from '../small-document.ts'

const markup = '<script>alert(1)</script>'

describe('the tiles', () => {
  const tilesOf = (connections: readonly LiveConnection[], more: Partial<LiveState> = {}) => {
    const page = openPage()
    void page.show(h(Tiles, { state: liveState(connections, more) }))
    const tile = (label: string) =>
      page.all('dl > div, div').find((one) => one.querySelector('dt')?.textContent === label)!
    return {
      said: (label: string) =>
        tile(label)
          .querySelectorAll('dd')
          .map((one) => one.textContent),
      tone: (label: string) => tile(label).getAttribute('class'),
    }
  }

  it('say that nobody watches, and not that all is well', () => {
    const { said, tone } = tilesOf([bareConnection('a')])
    expect(said('Watching')).toEqual(['0', '1 waiting'])
    for (const label of ['Sending', 'Worst health', 'Worst video']) expect(said(label)).toEqual(['–', 'nobody watches'])
    expect(said('Not reporting')).toEqual(['0', 'nobody watches'])
    expect(tone('Worst health')).toBe('tile')
  })

  it('show the worst of those that are known, and count the others', () => {
    const score = (value: number) => ({ value, version: 1 as const, reasons: [], unknown: [] })
    const { said, tone } = tilesOf([
      connection('a', { health: score(40), videoQuality: score(90) }),
      connection('b', { health: score(90) }),
      connection('c', { health: score(80), isReporting: false, sample: sampleAt(1, { bitrateBps: null }) }),
    ])
    expect(said('Worst health')).toEqual(['40', 'median 80'])
    expect(tone('Worst health')).toBe('tile bad')
    expect(said('Worst video')).toEqual(['90', 'median 90 · 2 unknown'])
    expect(said('Sending')).toEqual(['4.8 Mbps', 'to 2 of 3'])
    expect(said('Not reporting')).toEqual(['1', 'what they see is not known'])
  })

  it('never colour what is not known', () => {
    const { said, tone } = tilesOf([connection('a')])
    expect(said('Worst video')).toEqual(['unknown', 'of all 1'])
    expect(tone('Worst video')).toBe('tile unknown')
  })

  it('show the slowest worker, and mark it where it is too slow', () => {
    const worker = (loopDelayP99Ms: number) => ({ worker: 0, viewers: 1, cpuS: 1, rssBytes: 1, loopDelayP99Ms })
    expect(tilesOf([]).said('Server up')).toEqual(['1 min', 'mcpx 1.2.3'])
    const slow = tilesOf([], { workers: [worker(3), worker(51.4)] })
    expect(slow.said('Server up')).toEqual(['1 min', 'loop p99 51 ms'])
  })
})

describe('a score as a ring', () => {
  const ring = (more: Partial<Parameters<typeof ScoreRing>[0]>) => {
    const page = openPage()
    void page.show(h(ScoreRing, { title: 'Health', score: undefined, isOld: false, isSilent: false, ...more }))
    return page
  }

  it('has no arc and a question mark where it is not known', () => {
    const { has, text, get } = ring({ score: { version: 1, reasons: [], unknown: ['loss', 'freezes'] } })
    expect(has('circle.value')).toBe(false)
    expect(text()).toBe('?HealthUnknown: no loss, no freezes')
    expect(get('svg').getAttribute('aria-label')).toBe('Health unknown')
  })

  it('names what took points off, and what is not known besides', () => {
    const reasons = [{ points: 15, text: 'loss 3.1 %' }]
    const { texts, get } = ring({ score: { value: 85, version: 1, reasons, unknown: ['freezes'] } })
    expect(texts('.reason')).toEqual(['−15: loss 3.1 %', 'Not known: freezes'])
    expect(get('.ring-card').getAttribute('class')).toBe('ring-card good')
    const [drawn, whole] = get('circle.value').getAttribute('stroke-dasharray')!.split(' ').map(Number)
    expect(drawn! / whole!).toBeCloseTo(0.85)
  })

  it('says of an old one that it is old, and is not coloured by it', () => {
    const { text, get } = ring({ score: { value: 100, version: 1, reasons: [], unknown: [] }, isOld: true })
    expect(text()).toContain('the last that was known')
    expect(get('.ring-card').getAttribute('class')).toBe('ring-card unknown')
  })
})

describe('the logs', () => {
  const operation = (id: number, more: Partial<LiveState['operations'][number]> = {}) => ({
    ...{ id: `o${id}`, type: 'close_connection', status: 'completed' as const },
    ...{ startedAtMs: startedAtMs + id, endedAtMs: startedAtMs + id + 5, details: {} },
    ...more,
  })

  it('have the newest operation first, a hundred at the most, and those that failed alone if asked', async () => {
    const { show, all, click, texts, text } = openPage()
    const operations = Array.from({ length: 150 }, (_, at) => operation(at))
    operations[3] = operation(3, { status: 'failed', error: { code: 'X', message: markup, hint: '' } as never })
    void show(h(OperationsPanel, { operations, total: 150, failed: 1, onSelect: () => undefined }))
    expect(all('li')).toHaveLength(100)
    expect(text()).not.toContain('alert(1)')
    await click('button', 'Failed only')
    expect(texts('.entry-text')).toEqual([`X: ${markup}`])
    expect(all('script')).toEqual([])
    await show(h(OperationsPanel, { operations: [], total: 0, failed: 0, onSelect: () => undefined }))
    expect(text()).toContain('None of the last operations failed.')
  })

  it('lead to the connection that they speak of', async () => {
    const { show, click } = openPage()
    const onSelect = vi.fn()
    const id = '0123456789'
    void show(h(OperationsPanel, { operations: [operation(1, { connectionId: id })], total: 1, failed: 0, onSelect }))
    await click('button', '01234567')
    expect(onSelect).toHaveBeenCalledWith(id)
  })

  it('have the tasks that run before those that are over', () => {
    const { show, texts } = openPage()
    const task = (name: string, status: 'running' | 'completed', createdAtMs: number) => ({
      ...{ id: name, name, status, createdAtMs },
    })
    const tasks = [task('old', 'running', 1), task('ended', 'completed', 2), task('new', 'running', 3)]
    void show(h(TasksPanel, { tasks, pending: 2, onSelect: () => undefined }))
    expect(texts('.entry-name')).toEqual(['New', 'Old', 'Ended'])
  })

  it('keep the lines of events that are the same apart, and what is there when more come', async () => {
    const { show, all, texts } = openPage()
    const event = (type: 'error' | 'connected') =>
      ({ type, atMs: startedAtMs, connectionId: 'c', details: {} }) as never
    const events = [event('connected'), event('connected'), event('error')]
    await show(h(EventsPanel, { events, total: 3, onSelect: () => undefined }))
    const before = all('li')
    expect(before.map((one) => one.matches('.bad'))).toEqual([true, false, false])
    await show(h(EventsPanel, { events: [...events, event('connected')], total: 4, onSelect: () => undefined }))
    expect(texts('.entry-name')[0]).toBe('Connectedc')
    for (const [at, line] of before.entries()) expect(all('li')[at + 1]).toBe(line)
  })

  it('have a row for each worker', () => {
    const { show, texts, has } = openPage()
    const worker = { worker: 2, viewers: 3, cpuS: 61, rssBytes: 3 * 2 ** 20, loopDelayP99Ms: 50 }
    void show(h(WorkersPanel, { workers: [worker] }))
    expect(texts('td')).toEqual(['3', '1 min 1 s', '3 MiB', '50.0 ms'])
    expect(has('td.fair')).toBe(true)
  })
})

describe('the details of a connection', () => {
  function openDetails(one: LiveConnection | undefined, answers: Record<string, unknown> = {}) {
    const page = openPage()
    const told = { onClose: vi.fn(), onDone: vi.fn() }
    vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: RequestInit = {}) => {
      asked.push([method, url, body])
      return Response.json(Object.entries(answers).find(([part]) => url.includes(part))?.[1] ?? {})
    })
    const asked: unknown[] = []
    const draw = (drawn: LiveConnection | undefined) =>
      page.show(
        h(DetailPanel, {
          ...{ base: '/b', state: liveState(drawn ? [drawn] : []), connection: drawn, charts: [], windowMs: 60_000 },
          ...{ samples: createSampleKeeper(), ...told },
        }),
      )
    void draw(one)
    const fact = (name: string) =>
      page
        .all('.facts div')
        .find((part) => part.querySelector('dt')?.textContent === name)
        ?.querySelector('dd')?.textContent
    return { ...page, ...told, asked, fact, draw }
  }

  it('ask for one to be chosen', () => {
    expect(openDetails(undefined).text()).toContain('Select a connection')
  })

  it('tell what is known', () => {
    const { fact } = openDetails(connection('a', { closeReason: 'ice_failed', closedAtMs: startedAtMs + 5000 }))
    expect(fact('Codecs')).toBe('VP9, Opus')
    expect(fact('Quality')).toBe('High, asked for auto')
    expect(fact('Position')).toBe('1:01 of 10:00')
    expect(fact('First frame')).toBe('317 ms')
    expect(fact('Freezes')).toBe('2, 1.5 s in all')
    expect(fact('Waited for content')).toBe('0 times')
    expect(fact('Connected after')).toBe('200 ms')
    expect(fact('Closed')).toMatch(/^\d\d:\d\d:\d\d · ICE failed$/i)
  })

  it('say "unknown" of what nobody has measured, and never a zero', () => {
    const { fact, text } = openDetails(bareConnection('a'))
    for (const name of ['Viewer', 'Codecs', 'First frame', 'Freezes', 'Connected after', 'Worker'])
      expect(fact(name), name).toBe('unknown')
    expect(fact('Position')).toBe('0:00 of unknown')
    expect(fact('Closed')).toBeUndefined()
    expect(text()).not.toMatch(/NaN|undefined/)
  })

  it('close what is open, and offer nothing of the kind for what is closed', async () => {
    const { click, onClose, draw, has } = openDetails(connection('a'))
    await click('button', 'Close')
    expect(onClose).toHaveBeenCalledWith(connection('a').id)
    await draw(connection('a', { state: 'closed' }))
    expect([has('.danger'), has('select')]).toEqual([false, false])
  })

  it('ask for another quality, and tell what came of it', async () => {
    const { enter, get, onDone, asked } = openDetails(connection('a'), {
      quality: { success: false, error: 'not now' },
    })
    expect(
      get('select')
        .querySelectorAll('option')
        .map((one) => one.textContent),
    ).toEqual([...['Auto', 'Low', 'Medium', 'High']])
    await enter('select', 'low', 'change')
    expect(asked).toContainEqual(['POST', `/b/api/v0/webrtc/quality/${connection('a').id}`, '{"quality":"low"}'])
    expect(onDone).toHaveBeenCalledWith({ isDone: false, message: 'not now' })
    expect(get('select').disabled).toBe(false)
  })

  it('have no choice of quality where there is one rendition', () => {
    const { get } = openDetails(connection('a', { qualities: [] }))
    expect(get('select').disabled).toBe(true)
    expect(get('label').getAttribute('title')).toBe('This content has one rendition')
  })

  it('list what happened, in words', async () => {
    const happened = {
      lifecycle_events: [
        { type: 'ice_state_change', timestamp: '2026-01-01T00:00:00Z', details: { from: 'new', to: 'checking' } },
      ],
      errors: [{ code: 'PEER_FAILED', error: markup, timestamp: '2026-01-01T00:00:01Z' }],
    }
    const { settle, texts, has, draw } = openDetails(connection('a'), { connection: { connection: happened } })
    await settle()
    await settle()
    expect(texts('ol bdi')).toEqual([`message ${markup}`, 'new → checking'])
    expect(texts('ol span')).toEqual(['PEER_FAILED', 'ICE state change'])
    expect(has('script')).toBe(false)
    // Of another one nothing is known yet.
    vi.stubGlobal('fetch', () => new Promise(() => undefined))
    await draw(connection('b'))
    expect(has('ol')).toBe(false)
  })
})

describe('the head of the dashboard', () => {
  const page = (status: Parameters<typeof Head>[0]['status'], pollS = 2) => {
    const opened = openPage()
    const onSettings = vi.fn()
    void opened.show(h(Head, { base: '/b', status, pollS, onSettings }))
    return { ...opened, onSettings }
  }

  it.each([
    [{ kind: 'live' }, 2, 'Live · WebSocket', 'good'],
    [{ kind: 'polling' }, 1, 'Polling every second', 'fair'],
    [{ kind: 'polling' }, 5, 'Polling every 5 s', 'fair'],
    [{ kind: 'gone' }, 2, 'Server does not answer', 'bad'],
    [{ kind: 'refused', message: 'x' }, 2, 'Refused', 'bad'],
  ] as const)('with %j every %i s says %j', async (status, pollS, text, tone) => {
    const { get, click, onSettings } = page(status, pollS)
    expect(get('[role=status]').textContent).toBe(text)
    expect(get('[role=status]').matches(`.${tone}`)).toBe(true)
    expect(get('a').getAttribute('href')).toBe('/b/')
    await click('button', 'Settings')
    expect(onSettings).toHaveBeenCalledOnce()
  })

  it('offers what can be done now', async () => {
    const { show, get, click } = openPage()
    const acts = { onStart: vi.fn(), onSample: vi.fn(), onTest: vi.fn(), onCloseAll: vi.fn() }
    void show(h(Actions, { openCount: 0, isTesting: true, ...acts }))
    const isOff = (name: string) => get('button', name).disabled
    expect([isOff('Close all'), isOff('Stream the sample'), isOff('Testing…'), isOff('Start a stream')]).toEqual([
      ...[true, true, true, false],
    ])
    void show(h(Actions, { openCount: 1, isTesting: false, ...acts }))
    for (const name of ['Start a stream', 'Stream the sample', 'Test connection', 'Close all'])
      await click('button', name)
    for (const act of Object.values(acts)) expect(act).toHaveBeenCalledOnce()
  })

  it('tells what came of it, with the way on where it did not work', async () => {
    const { show, texts, click, all } = openPage()
    const onDismiss = vi.fn()
    const notices = [
      { id: 1, outcome: { isDone: true, message: 'Closed' } as const },
      { id: 7, outcome: { isDone: false, message: markup, hint: 'Reload.' } as const },
    ]
    void show(h(Notices, { notices, onDismiss }))
    expect(texts('.notice p').map((text) => text.trim())).toEqual(['Closed', `${markup} Reload.`])
    await click('.bad button')
    expect(onDismiss).toHaveBeenCalledWith(7)
    expect(all('script')).toEqual([])
  })
})

describe('a panel of a plugin', () => {
  async function openPlugin(...answers: readonly Response[]) {
    const page = openPage()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let asked = 0
    vi.stubGlobal('fetch', async () => answers[Math.min(asked++, answers.length - 1)]!.clone())
    await page.show(h(PluginPanel, { panel: { id: 'a.b', title: 'Prices', url: '/x', everyS: 5 } }))
    await page.settle()
    await page.settle()
    return { ...page, asked: () => asked }
  }

  it('shows figures, and markup as text', async () => {
    const { texts, has } = await openPlugin(
      Response.json({
        figures: [
          { label: markup, value: 12.5, unit: 'EUR', note: markup },
          { label: 'b', value: null },
        ],
      }),
    )
    expect(texts('dd')).toEqual(['12.5 EUR', markup, '–'])
    expect(texts('dt')).toEqual([markup, 'b'])
    expect(has('script')).toBe(false)
  })

  it('shows a table, with numbers as numbers where a column has nothing else', async () => {
    const { all } = await openPlugin(
      Response.json({
        columns: ['n', 'mixed'],
        rows: [
          [1, 1],
          [null, 'x'],
        ],
      }),
    )
    expect(all('td').map((one) => [one.textContent, one.getAttribute('class')])).toEqual([
      ...[
        ['1', 'number'],
        ['1', null],
        ['–', 'number'],
        ['x', null],
      ],
    ])
  })

  it.each([{ figures: [] }, { series: [] }, { columns: [], rows: [] }])('has nothing to show in %j', async (body) => {
    expect((await openPlugin(Response.json(body))).text()).toBe('PricesNothing to show yet.')
  })

  it('keeps what it has when the plugin fails, says so, and asks again', async () => {
    const good = Response.json({ figures: [{ label: 'a', value: 1 }] })
    const { text, pass, settle, asked, document, fire } = await openPlugin(
      good,
      Response.json({ error: 'broken' }, { status: 500 }),
      good,
    )
    await pass(5000)
    await settle()
    expect(text()).toBe('Pricesbroken What is shown is old.a1')
    document.hidden = true
    await pass(5000)
    await pass(60_000)
    expect(asked()).toBe(2)
    document.hidden = false
    await fire(document, 'visibilitychange')
    await settle()
    expect(text()).toBe('Pricesa1')
  })

  it.each([
    [Response.json({ html: markup }), 'The plugin sent neither figures, series nor a table.'],
    [new Response('', { status: 404 }), 'The server answered 404.'],
  ])('says what is wrong, %#', async (answer, words) => {
    expect((await openPlugin(answer)).get('[role=alert]').textContent.trim()).toBe(words)
  })
})
