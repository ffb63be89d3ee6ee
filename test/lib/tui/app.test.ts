// The whole screen, as Ink draws it into a terminal of any size.
import { stripVTControlCharacters } from 'node:util'
import { cleanup, render } from 'ink-testing-library'
import { createElement } from 'react'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { LiveState } from '../../../src/lib/protocol/live.ts'
import { App, type AppProps } from '../../../src/lib/tui/app.tsx'
import { createFeed } from '../../../src/lib/tui/feed.ts'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { fieldsOf } from '../../../src/lib/tui/view.ts'
import { until } from '../../support/e2e.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { bareConnection, connection, liveState, startedAtMs } from '../../support/live-state.ts'

afterEach(cleanup)

const patience = { timeoutMs: 3000, everyMs: 10 }
const keys = { enter: '\r', escape: '\u001B', tab: '\t', down: '\u001B[B' }

/** Resolves when keys are heard. */
async function open(
  state: LiveState | undefined,
  options: Partial<AppProps> & { columns?: number; rows?: number } = {},
) {
  const { columns = 80, rows = 24, ...props } = options
  const clock = new FakeClock()
  const feed = createFeed({ clock, intervalMs: 1000 })
  const asked: string[] = []
  const controls = {
    close: async (id: string) => void asked.push(`close ${id.slice(0, 1)}`),
    setQuality: async (id: string, quality: string) => void asked.push(`${quality} ${id.slice(0, 1)}`),
  }
  const screen = render(createElement(App, { feed, name: 'http://server', controls, ...props }))
  onTestFinished(() => feed.close())
  const resize = (width: number, height: number) => {
    Object.defineProperty(screen.stdout, 'columns', { configurable: true, get: () => width })
    Object.defineProperty(screen.stdout, 'rows', { configurable: true, get: () => height })
    screen.stdout.emit('resize')
  }
  resize(columns, rows)
  if (state) feed.tell(state)
  feed.link({ kind: 'live' })
  const frame = () => screen.lastFrame() ?? ''
  await until('the screen is there', () => frame().includes('● live'), patience)
  return {
    feed,
    clock,
    asked,
    resize,
    frame,
    lines: () => frame().split('\n'),
    press: (text: string) => screen.stdin.write(text),
    shows: (text: string | RegExp) =>
      until(
        `the screen shows ${text}`,
        () => (typeof text === 'string' ? frame().includes(text) : text.test(frame())),
        patience,
      ),
    hides: (text: string) => until(`the screen hides ${text}`, () => !frame().includes(text), patience),
  }
}

const many = Array.from({ length: 100 }, (_, i) => connection(`${String(i).padStart(3, '0')}-`))
const playing = liveState([connection('a1'), connection('b2', { sentQuality: 'low' }), bareConnection('c3')], {
  events: [
    { type: 'error', atMs: startedAtMs, connectionId: 'a1'.padEnd(36, '0'), details: { code: 'X', message: 'bad' } },
  ],
  operations: [
    {
      ...{ id: 'o1', type: 'set_quality', status: 'failed', startedAtMs, endedAtMs: startedAtMs + 7, details: {} },
      error: { code: 'STREAM_CONFLICT', message: 'no such rung', hint: '' },
    },
  ],
  tasks: [{ id: 't1', name: 'open_content', owner: 'a1', status: 'running', createdAtMs: startedAtMs }],
})

describe('the screen', () => {
  it('fills a terminal of 80 by 24 with table, chart and reasons', async () => {
    const screen = await open(playing)
    expect(screen.lines()).toHaveLength(24)
    for (const line of screen.lines()) expect(widthOf(line)).toBeLessThanOrEqual(80)
    expect(screen.frame()).toContain('http://server  up 1:02  mcpx 1.2.3')
    expect(screen.frame()).toMatch(
      /▸a1000000 bafy…p42e active {5}auto→high {2}2\.41M 3\.1% {2}240 {2}3\.7 {2}30 {3}75 {3}– {2}yes/,
    )
    expect(screen.frame()).toMatch(/c3000000 bafy…p42e waiting {4}auto→– {9}– {4}– {4}– {4}– {3}– {4}– {3}– {4}–/)
    expect(screen.frame()).toContain('health  75  −15: loss 3.1 %')
    expect(screen.frame()).toContain('bitrate 2.41 Mbit/s')
  })

  it('shows chart and lists side by side on a large terminal, and something on a tiny one', async () => {
    const screen = await open(playing, { columns: 200, rows: 60 })
    await screen.shows(/Chart.*Events.*Operations.*Tasks/)
    expect(screen.lines()).toHaveLength(60)
    expect(screen.frame()).toMatch(/JITTER.*PEER/)
    screen.resize(30, 8)
    await until('it is small', () => screen.lines().length === 8)
    for (const line of screen.lines()) expect(widthOf(line)).toBeLessThanOrEqual(30)
    screen.resize(80, 24)
    await until('it is as before', () => screen.lines().length === 24)
  })

  it('says that nothing was heard yet, and that nobody watches', async () => {
    const screen = await open(undefined)
    screen.feed.tell(liveState([]))
    await screen.shows('nobody watches')
  })

  it('windows a long table around the selected one', async () => {
    const screen = await open(liveState(many))
    await screen.shows('▸000-')
    expect(screen.frame()).toContain('⋮010-')
    expect(screen.frame()).not.toContain('011-')
    screen.press('G')
    await screen.shows('▸099-')
    expect(screen.frame()).toContain('⋮089-')
    screen.press('jjkk')
    await screen.shows('▸097-')
  })

  it('filters, sorts, and clears again', async () => {
    const screen = await open(liveState(many))
    screen.press('/042')
    await screen.shows('filter: 042')
    await screen.shows('▸042-')
    screen.press(keys.enter)
    await screen.shows('"042"')
    screen.press(keys.escape)
    await screen.shows('▸000-')
    screen.press('sr')
    await screen.shows('by id ▴')
    await screen.shows('099-')
  })

  it('closes after a yes and sets a quality, and says how it went', async () => {
    const screen = await open(playing)
    screen.press('c')
    await screen.shows('close a1000000')
    screen.press('y')
    await screen.shows('closed a1000000')
    screen.press('Q')
    await screen.shows(/\[auto\] low\s+medium\s+high/)
    screen.press(keys.down)
    await screen.shows('[low]')
    screen.press(keys.enter)
    await screen.shows('asked for low')
    expect(screen.asked).toEqual(['close a', 'low a'])
  })

  it('says what a server refused, without what it would do to a terminal', async () => {
    const refuse = async () => {
      throw new McpxError('STREAM_NOT_FOUND', 'gone\u001B[2J already')
    }
    const screen = await open(playing, { controls: { close: refuse, setQuality: refuse } })
    screen.press('cy')
    await screen.shows('gone�[2J already')
  })

  it('tabs through events, operations and tasks, and opens details and help', async () => {
    const screen = await open(playing)
    screen.press(keys.tab)
    await screen.shows('code=X message=bad')
    screen.press(keys.tab)
    await screen.shows('STREAM_CONFLICT: no')
    screen.press(keys.tab)
    await screen.shows('open_content')
    screen.press(keys.enter)
    await screen.shows('first frame  317 ms')
    expect(screen.frame()).toContain('bafybeihbcfzbay5n3uehiqr2d76sgcjek537tzb5u32oz7lujzvsakp42e')
    expect(screen.lines()).toHaveLength(24)
    screen.press('m')
    await screen.shows('loss 3.1%')
    screen.press('?')
    await screen.shows('select a connection')
    screen.press('x')
    await screen.hides('select a connection')
  })

  it('shows every field of a connection on a small terminal, and its name and scores on a tiny one', async () => {
    const screen = await open(playing, { columns: 60, rows: 20 })
    await screen.shows('Chart  Events')
    screen.press(keys.enter)
    await screen.shows('first frame  317 ms')
    for (const [name] of fieldsOf(connection('a1'))) expect(screen.frame()).toContain(` ${name} `)
    screen.resize(60, 9)
    await until('it is tiny', () => screen.lines().length === 9)
    for (const said of ['a1000000', 'bafy', 'health  75', 'video    –']) expect(screen.frame()).toContain(said)
  })

  it('holds what is shown, and goes on from what is new', async () => {
    const screen = await open(playing)
    screen.press(' ')
    await screen.shows('‖ held at')
    screen.clock.advance(1000)
    screen.feed.tell(liveState([connection('z9')]))
    screen.feed.link({ kind: 'live' })
    expect(screen.frame()).toContain('a1000000')
    screen.press(' ')
    await screen.shows('z9000000')
  })

  it('holds what is replayed where it comes from, and changes nothing of it', async () => {
    const held: boolean[] = []
    const screen = await open(playing, { controls: undefined, pause: (isPaused) => held.push(isPaused) })
    screen.press('  c')
    await screen.shows('what was recorded cannot be changed')
    expect(held).toEqual([true, false])
  })

  it('says that the server is gone, and shows what it said last', async () => {
    const screen = await open(playing)
    screen.feed.link({ kind: 'gone', sinceMs: startedAtMs, reason: 'ECONNREFUSED' })
    await screen.shows(/✗ gone since \d\d:\d\d:\d\d: ECONNREFUSED; asking again/)
    expect(screen.frame()).toContain('a1000000')
  })

  it('keeps hostile names in their columns', async () => {
    const content = `bafy/\u001B[31m\u001B]0;owned\u0007\u202E${'日本🎬e\u0301\u0301\u0301'.repeat(40)}\n\r.mp4`
    const screen = await open(liveState([connection('a1', { content, error: { code: 'X\u0007', message: content } })]))
    await screen.shows('a1000000')
    for (const pane of ['', keys.tab, keys.tab, keys.tab, keys.enter]) {
      if (pane) screen.press(pane)
      expect(screen.lines()).toHaveLength(24)
      for (const line of screen.lines()) expect(widthOf(line)).toBeLessThanOrEqual(80)
      // Ink colours with SGR alone.
      expect(stripVTControlCharacters(screen.frame()).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })
})
