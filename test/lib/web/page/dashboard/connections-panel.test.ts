import { h } from 'preact'
import { describe, expect, it, vi } from 'vitest'
import type { LiveConnection } from '../../../../../src/lib/protocol/live.ts'
import { columnIds, columns } from '../../../../../src/web/dashboard/columns.tsx'
import { ConnectionsPanel } from '../../../../../src/web/dashboard/connections-panel.tsx'
import { liveConnection, liveSample } from '../../../../support/live-connection.ts'
import { bareConnection } from '../../../../support/live-state.ts'
import { openPage } from '../small-document.ts'

/** The panel with these connections, sorted as asked. */
function openPanel(connections: readonly LiveConnection[], more: Partial<Parameters<typeof ConnectionsPanel>[0]> = {}) {
  const page = openPage()
  const told = { onSort: vi.fn(), onSelect: vi.fn(), onClose: vi.fn() }
  const show = (props: typeof more = {}) =>
    page.show(
      h(ConnectionsPanel, {
        ...{ connections, selected: undefined, shown: ['state', 'health'], ...told },
        ...{ sort: { column: 'since', isDescending: false }, ...more, ...props },
      }),
    )
  void show()
  return { ...page, ...told, redraw: show, ids: () => page.all('tbody tr').map((row) => row.getAttribute('data-id')) }
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => liveConnection({ id: `id-${at}`, createdAtMs: at }))

describe('the table of connections', () => {
  it('says what to do where there is none, and that none fits where the filter is to blame', async () => {
    expect(openPanel([]).text()).toContain('No connections yet.')
    const { enter, text, ids } = openPanel([liveConnection()])
    await enter('input', 'nothing like it')
    expect(text()).toContain('No connection fits the filter.')
    await enter('input', 'PLAYING')
    expect(ids()).toEqual(['a'])
  })

  it('counts its groups, keeps to the one that is chosen, and marks problems', async () => {
    const { click, ids, get } = openPanel([
      liveConnection({ id: 'plays' }),
      liveConnection({ id: 'ended', state: 'closed' }),
      liveConnection({ id: 'broken', state: 'closed', closeReason: 'ice_failed' }),
    ])
    expect(get('button', 'Problems 1').matches('.alarm')).toBe(true)
    expect(get('button', 'Open 1').matches('.alarm')).toBe(false)
    await click('button', 'Closed 2')
    expect(ids()).toEqual(['ended', 'broken'])
    expect(get('button', 'Closed 2').getAttribute('aria-pressed')).toBe('true')
  })

  it('shows fifty at once, and turns pages up to the last', async () => {
    const { click, ids, get, text, enter, redraw } = openPanel(many(101))
    expect(ids()).toHaveLength(50)
    expect(get('button', 'Previous').disabled).toBe(true)
    await click('button', 'Next')
    await click('button', 'Next')
    expect(ids()).toEqual(['id-100'])
    expect(text()).toContain('101 to 101 of 101')
    expect(get('button', 'Next').disabled).toBe(true)
    // What is gone takes its pages with it.
    await redraw({ connections: many(60) })
    expect(text()).toContain('51 to 60 of 60')
    await enter('input', 'id-7')
    expect(ids()).toEqual(['id-7'])
  })

  it('sorts by the column that is asked for, upwards first, then downwards', async () => {
    const { click, onSort, get, has, ids, redraw } = openPanel([
      liveConnection({ id: 'b', health: { value: 60, version: 1, reasons: [], unknown: [] } }),
      liveConnection({ id: 'a' }),
      bareConnection('unknown'),
    ])
    expect(has('th[aria-sort]')).toBe(false)
    await click('th button', 'Health')
    expect(onSort).toHaveBeenLastCalledWith({ column: 'health', isDescending: false })
    await redraw({ sort: { column: 'health', isDescending: false } })
    expect(ids().map((id) => id?.slice(0, 7))).toEqual(['b', 'a', 'unknown'])
    expect(get('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')
    await click('th button', 'Health ↑')
    expect(onSort).toHaveBeenLastCalledWith({ column: 'health', isDescending: true })
    await redraw({ sort: { column: 'health', isDescending: true } })
    expect(ids().map((id) => id?.slice(0, 7))).toEqual(['a', 'b', 'unknown'])
  })

  it('keeps the order of the server where the column that was remembered is not known', () => {
    for (const column of ['gone', 'constructor', '__proto__', 'toString'])
      expect(openPanel(many(3), { sort: { column, isDescending: true } }).ids()).toEqual(['id-0', 'id-1', 'id-2'])
  })

  it('selects a row, also by its name, and lets it go again', async () => {
    const { fire, click, get, onSelect, redraw } = openPanel([liveConnection()])
    await fire(get('tbody tr'), 'click')
    await click('.row-name')
    expect(onSelect.mock.calls).toEqual([['a'], ['a']])
    await redraw({ selected: 'a' })
    expect(get('.row-name').getAttribute('aria-pressed')).toBe('true')
    await click('.row-name')
    expect(onSelect).toHaveBeenLastCalledWith(undefined)
  })

  it('closes what is open without selecting it', async () => {
    const { all, click, onClose, onSelect } = openPanel([
      liveConnection({ id: 'open-one' }),
      liveConnection({ id: 'closed', state: 'closed' }),
    ])
    expect(all('td button')).toHaveLength(1)
    await click('td button', 'Close connection open-one')
    expect(onClose.mock.calls).toEqual([['open-one']])
    expect(onSelect).not.toHaveBeenCalled()
  })

  it('leaves out columns that it does not know', () => {
    const { texts } = openPanel([liveConnection()], { shown: ['gone', 'peer'] })
    expect(texts('thead th').map((text) => text.trim())).toEqual(['Content', 'Viewer', 'Actions'])
  })

  it('shows markup as text', () => {
    const { get, has } = openPanel([liveConnection({ content: 'bafy/<img src=x onerror=alert(1)>.mp4' })])
    expect(get('.row-name bdi').textContent).toBe('<img src=x onerror=alert(1)>.mp4')
    expect(has('img')).toBe(false)
  })
})

describe('a cell', () => {
  const cell = (id: string, one: LiveConnection) => {
    const page = openPage()
    void page.show(h('p', null, columns[id]!.cell(one)))
    return page.get('p')
  }

  it.each<[string, Partial<LiveConnection>, string]>([
    ['state', { isReporting: false }, 'Playingnot reporting'],
    ['state', { paused: true }, 'Paused'],
    ['quality', {}, 'Very high (auto)'],
    ['quality', { quality: 'low', sentQuality: 'low' }, 'Low'],
    ['quality', { quality: 'low', sentQuality: 'very_low' }, 'Very low'],
    ['codecs', { codecs: ['h264', 'opus'] }, 'H.264, Opus'],
    ['position', { mediaTimeS: 61, durationS: 3600 }, '1:01 / 1:00:00'],
    ['position', { mediaTimeS: 61, durationS: 0 }, '1:01'],
    ['worker', { worker: 0 }, '0'],
    ['lossRatio', { sample: liveSample({ lossRatio: 0.0314 }) }, '3.1 %'],
    ['lossRatio', { sample: liveSample({ lossRatio: null }) }, '–'],
  ])('of %s with %j says %j', (id, changes, text) => {
    expect(cell(id, liveConnection(changes)).textContent).toBe(text)
  })

  it('gives an alarm for what is measured now, and none for what was before the viewer left', () => {
    const sample = liveSample({ lossRatio: 0.2 })
    expect(cell('lossRatio', liveConnection({ sample })).querySelector('.bad')).not.toBeNull()
    expect(cell('lossRatio', liveConnection({ sample, state: 'closed' })).querySelector('.bad')).toBeNull()
  })

  it('never takes the score of a silent viewer for good, and a bad one for bad', () => {
    const score = (value: number) => ({ value, version: 1 as const, reasons: [], unknown: [] })
    const toneOf = (changes: Partial<LiveConnection>) =>
      cell('health', liveConnection(changes)).querySelector('.score')!.getAttribute('class')
    expect(toneOf({})).toBe('score good')
    expect(toneOf({ isReporting: false })).toBe('score unknown')
    expect(toneOf({ isReporting: false, health: score(10) })).toBe('score bad')
    expect(toneOf({ state: 'closed', health: score(10) })).toBe('score unknown')
  })

  it('is there for a connection of which nothing is known', () => {
    const one = bareConnection('bare')
    for (const id of columnIds) {
      expect(cell(id, one).textContent, id).not.toMatch(/undefined|NaN|null/)
      expect(() => columns[id]!.value(one)).not.toThrow()
    }
  })
})
