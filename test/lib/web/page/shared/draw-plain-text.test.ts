import { h, options } from 'preact'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DetailPanel } from '../../../../../src/web/dashboard/detail-panel.tsx'
import { createSampleKeeper } from '../../../../../src/web/dashboard/samples.ts'
import { TopBar } from '../../../../../src/web/player/top-bar.tsx'
import { drawPlainText } from '../../../../../src/web/shared/draw-plain-text.ts'
import { connection, liveState } from '../../../../support/live-state.ts'
import { openPage } from '../small-document.ts'

/** Turns the direction of reading, hides, commands a terminal, and looks like a tag. */
const hostile = 'bafy/<b>gpj.\u202Eexe\u200B\u0007'
const shown = '<b>gpj.\ufffdexe\ufffd'

function openPlain() {
  const before = options.vnode
  drawPlainText()
  onTestFinished(() => {
    if (before) options.vnode = before
    else delete options.vnode
  })
  return openPage()
}

describe('what the pages draw', () => {
  it('is plain, and leads to what was said', () => {
    const { show, get, has } = openPlain()
    const state = { sent: [], media: undefined } as never
    void show(h(TopBar, { base: '', content: hostile, state, onStats: () => undefined }))
    expect(get('h1').textContent).toBe(shown)
    expect(get('h1').getAttribute('title')).toBe(`bafy/${shown}`)
    expect(has('b')).toBe(false)
  })

  it('keeps what a hook before it does', () => {
    const types: unknown[] = []
    options.vnode = ({ type }) => void types.push(type)
    drawPlainText()
    h('p', { title: hostile })
    delete options.vnode
    expect(types).toEqual(['p'])
  })

  it('shows an error of a peer as words, not as a part of the page', () => {
    const { show, get } = openPlain()
    const one = connection('a', { content: hostile, error: { code: 'PEER_FAILED', message: hostile } })
    void show(
      h(DetailPanel, {
        ...{ base: '/b', state: liveState([one]), connection: one, samples: createSampleKeeper(), charts: [] },
        ...{ windowMs: 60_000, onClose: () => undefined, onDone: () => undefined },
      }),
    )
    expect(get('.error-box').textContent).toBe(`PEER_FAILED bafy/${shown}`)
    expect(get('a', 'Player').getAttribute('href')).toBe(`/b/player/bafy/${encodeURIComponent(hostile.slice(5))}`)
  })
})
