// The parts of the screen, each drawn alone by Ink.
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { cleanup, render } from 'ink-testing-library'
import { createElement, type ReactElement } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { plainText } from '../../../src/lib/base/plain-text.ts'
import { keyHelp } from '../../../src/lib/tui/keys.ts'
import { Chart, chartTitle, Help, Line, List, Rule, Scores } from '../../../src/lib/tui/parts.tsx'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { panes } from '../../../src/lib/tui/ui.ts'
import { bareConnection, connection, liveState, sampleAt, startedAtMs } from '../../support/live-state.ts'

afterEach(cleanup)

function drawn(part: ReactElement): string[] {
  const screen = render(part)
  const lines = stripVTControlCharacters(screen.lastFrame() ?? '').split('\n')
  screen.unmount()
  return lines
}

describe('a line', () => {
  const line = (left: string, right: string, width: number) =>
    drawn(createElement(Line, { left: { text: left }, right: { text: right }, width }))

  it('has what is said at both ends, and the left gives way first', () => {
    expect(line('left', 'right', 20)).toEqual([' left         right'])
    expect(line('what is at the left', 'right', 20)).toEqual([' what is at … right'])
    expect(line('left', 'what is at the right', 12)).toEqual(['  what is a…'])
  })

  it('never takes more columns than it has', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map(plainText)
    fc.assert(
      fc.property(text, text, fc.integer({ min: 4, max: 90 }), (left, right, width) => {
        const lines = line(left, right, width)
        expect(lines).toHaveLength(1)
        expect(widthOf(lines[0]!)).toBeLessThanOrEqual(width)
      }),
      { numRuns: 10 },
    )
  })
})

describe('a rule', () => {
  it('goes across with its tabs, and cuts its title where there is no room', () => {
    for (const width of [60, 80, 100])
      for (const title of ['', 'bitrate 2.41 Mbit/s', 'x'.repeat(200)]) {
        const [rule, ...more] = drawn(createElement(Rule, { tabs: panes, active: 'chart', title, width }))
        expect(more).toEqual([])
        expect(widthOf(rule!)).toBe(width)
        expect(rule).toMatch(/^─ Chart +Events +Operations +Tasks .*─$/)
      }
  })
})

describe('the chart', () => {
  const samples = [0, 1, 2].map((at) => sampleAt(startedAtMs + at * 50_000))

  it('has a title with the newest value and the time it is of', () => {
    expect(chartTitle(samples, 'bitrateBps', 80)).toBe('bitrate 2.41 Mbit/s, last 1:40')
    expect(chartTitle(samples, 'bitrateBps', 12)).toBe('bitrate 2.41 Mbit/s, last 0:50')
    expect(chartTitle(samples.slice(0, 1), 'bitrateBps', 80)).toBe('bitrate 2.41 Mbit/s')
    expect(chartTitle([], 'bitrateBps', 80)).toBe('bitrate –')
  })

  it('says where nothing was measured, and takes as many lines as it is given', () => {
    const chart = (metric: 'bitrateBps' | 'videoQuality', height: number) =>
      drawn(createElement(Chart, { samples, metric, width: 60, height }))
    expect(chart('videoQuality', 6).join('\n')).toContain('video quality: not measured yet')
    expect(chart('bitrateBps', 6)).toHaveLength(6)
    expect(chart('bitrateBps', 6)[0]).toContain('M')
  })
})

describe('the scores', () => {
  it('stand with their reasons, and take two lines also where there is nothing to say', () => {
    const scores = (of: ReturnType<typeof connection> | undefined) => drawn(createElement(Scores, { connection: of }))
    expect(scores(connection('a'))).toEqual([' health  75  −15: loss 3.1 %', ' video    –  not known: freezes'])
    expect(scores(bareConnection('a')).map((line) => line.trim())).toEqual(['health –', 'video  –'])
    expect(scores(undefined).join('').trim()).toBe('')
  })
})

it('a list says that it is empty, and else has the newest line first', () => {
  const list = (pane: 'events' | 'tasks') => {
    const tasks = ['old', 'new'].map((name, at) => ({
      ...{ id: name, name, status: 'running' as const, createdAtMs: startedAtMs + at },
    }))
    return drawn(createElement(List, { state: liveState([], { tasks }), pane, height: 4 })).join('\n')
  }
  expect(list('events')).toContain('no events yet')
  expect(list('tasks').indexOf('new')).toBeLessThan(list('tasks').indexOf('old'))
})

it('the help has every key, and the words that are short in the table', () => {
  const help = drawn(createElement(Help, { height: 30 })).join('\n')
  for (const [keys, does] of keyHelp) expect(help).toMatch(new RegExp(`${keys.replaceAll(/[?/]/g, '\\$&')} +${does}`))
  for (const word of ['RATE', 'RTT', 'JITTER', 'FIRST', 'BUF', 'HLTH', 'VID', 'VIEW']) expect(help).toContain(word)
})
