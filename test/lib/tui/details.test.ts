import { stripVTControlCharacters } from 'node:util'
import { cleanup, render } from 'ink-testing-library'
import { createElement } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import type { LiveConnection, LiveState } from '../../../src/lib/protocol/live.ts'
import { Details } from '../../../src/lib/tui/details.tsx'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { fieldsOf } from '../../../src/lib/tui/view.ts'
import { connection, liveState, sampleAt, startedAtMs } from '../../support/live-state.ts'

afterEach(cleanup)

const one = connection('a')
const samples = [0, 1, 2].map((at) => sampleAt(startedAtMs + at * 2000))
function details(of: LiveConnection, width: number, height: number, more: Partial<LiveState> = {}): string[] {
  const state = liveState([of], more)
  const screen = render(
    createElement(Details, { state, connection: of, samples, metric: 'roundTripMs', width, height }),
  )
  const lines = stripVTControlCharacters(screen.lastFrame() ?? '').split('\n')
  screen.unmount()
  return lines
}

describe('the details of a connection', () => {
  it('have its whole id and content, every field, its scores and a chart', () => {
    const text = details(one, 80, 40).join('\n')
    for (const part of [one.id, one.content, '−15: loss 3.1 %', 'round trip 240 ms, last 0:04'])
      expect(text).toContain(part)
    for (const [name] of fieldsOf(one)) expect(text, name).toContain(name)
  })

  it('take no more lines and columns than they have, and leave the chart out first', () => {
    for (const [width, height] of [
      [40, 10],
      [60, 18],
      [79, 24],
      [80, 40],
      [99, 30],
    ] as const) {
      const lines = details(one, width, height)
      expect(lines.length, `${width}×${height}`).toBeLessThanOrEqual(height)
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
      expect(lines[0]).toContain(one.id.slice(0, 20))
    }
    expect(details(one, 80, 18).join('\n')).not.toContain('last 0:04')
  })

  it('say what ended it, and no more than a line of that', () => {
    const failed = connection('a', { state: 'closed', error: { code: 'MEDIA_CORRUPT', message: 'torn '.repeat(90) } })
    const lines = details(failed, 80, 30)
    expect(lines[2]).toMatch(/^ MEDIA_CORRUPT: torn/)
    expect(lines[3]).not.toContain('torn')
  })

  it('have its own last events, the newest first, and none of others', () => {
    const event = (connectionId: string, at: number) => ({
      ...{ type: 'quality_change' as const, atMs: startedAtMs + at, connectionId, details: { at } },
    })
    const events = [event(one.id, 1), event('other', 2), event(one.id, 3)]
    const lines = details(one, 80, 40, { events }).filter((line) => line.includes('quality_change'))
    expect(lines.map((line) => line.split('at=')[1]!.trim())).toEqual(['3', '1'])
  })
})
