import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  arrange,
  defaultLayout,
  parseLayout,
  shownIds,
  wideIds,
  withMoved,
  withShown,
} from '../../../../src/web/dashboard/layout.ts'

const known = ['a', 'b', 'c', 'd']
const empty = { order: [], hidden: [] }

describe('the remembered layout', () => {
  it.each([undefined, '', 'null', '7', '[]', '{"panels":7,"sort":null,"theme":"pink","windowMin":2}', '{"a":'])(
    '%j means the default',
    (text) => expect(parseLayout(text)).toEqual(defaultLayout),
  )

  it('comes back as it was written', () => {
    const layout = {
      ...defaultLayout,
      theme: 'dark' as const,
      windowMin: 60 as const,
      sort: { column: 'health', isDescending: false },
      panels: { order: ['b', 'a'], hidden: ['c'] },
    }
    expect(parseLayout(JSON.stringify(layout))).toEqual(layout)
  })

  it('survives anything, and stays bounded', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { panels } = parseLayout(text)
        expect(panels.order.length).toBeLessThanOrEqual(100)
      }),
    )
    const many = JSON.stringify({
      panels: { order: Array.from({ length: 5000 }, (_, i) => `p${i}`), hidden: [1, {}, 'x'] },
    })
    expect(parseLayout(many).panels.order).toHaveLength(100)
    expect(parseLayout(many).panels.hidden).toEqual(['x'])
  })
})

describe('an arrangement', () => {
  it('puts what it does not know after what it follows by default', () => {
    expect(shownIds(empty, known)).toEqual(known)
    expect(shownIds({ order: ['d', 'c', 'a'], hidden: [] }, known)).toEqual(['d', 'c', 'a', 'b'])
    expect(shownIds({ order: ['gone', 'b'], hidden: ['c'] }, known)).toEqual(['a', 'b', 'd'])
  })

  it('hides, shows and moves', () => {
    const hidden = withShown(empty, 'b', false)
    expect(shownIds(hidden, known)).toEqual(['a', 'c', 'd'])
    expect(shownIds(withShown(hidden, 'b', true), known)).toEqual(known)
    expect(shownIds(withMoved(empty, known, 'c', -1), known)).toEqual(['a', 'c', 'b', 'd'])
    expect(withMoved(empty, known, 'a', -1)).toBe(empty)
    expect(withMoved(empty, known, 'd', 1)).toBe(empty)
    expect(withMoved({ order: ['plugin'], hidden: [] }, known, 'a', 1).order).toEqual(['b', 'a', 'c', 'd', 'plugin'])
  })

  it('has each known thing once, whatever was stored', () => {
    const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'x', 'y'))
    fc.assert(
      fc.property(ids, ids, (order, hidden) => {
        const { panels } = parseLayout(JSON.stringify({ panels: { order, hidden } }))
        const placed = arrange(panels, known).map(({ id }) => id)
        expect(placed.toSorted()).toEqual(known)
      }),
    )
  })
})

describe('a panel takes a whole row', () => {
  it.each([
    [[], ''],
    [['A', 'b', 'c', 'd', 'e'], 'A'],
    [['A', 'b', 'c', 'd'], 'A d'],
    [['b', 'A', 'c', 'd', 'e', 'B', 'f', 'g'], 'A B b e'],
  ])('in %j where it always does, or where it would stand alone', (shown, expected) => {
    const wide = wideIds(shown, ['A', 'B'])
    expect(shown.filter((id) => wide.has(id)).toSorted()).toEqual(expected.split(' ').filter(Boolean).toSorted())
  })
})
