import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LoadRun } from '../../../src/lib/load/load-options.ts'
import { type LoadResult, loadFigureSpecs } from '../../../src/lib/protocol/load-result.ts'
import { compareLoad } from '../../../src/lib/report/compare-load.ts'
import { judgeLoad, parseLoadThreshold } from '../../../src/lib/report/judge-load.ts'
import { renderLoadHtml } from '../../../src/lib/report/load-html.ts'
import { loadRun, loadSession, loadSessions, lostSession } from '../../support/load-run.ts'

const result = (run: LoadRun, ...thresholds: string[]): LoadResult => ({
  ...run,
  thresholds: thresholds.map((text) => judgeLoad(run, parseLoadThreshold(text))),
})
/** What a reader sees. */
const words = (html: string) =>
  html
    .replace(/<(style|script).*?<\/\1>/gs, '')
    .replaceAll(/<svg.*?<\/svg>/gs, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')

const mixed = loadRun([
  ...loadSessions(18, (viewer) => ({
    ...(viewer === 7 ? { freezes: 2, frozenS: 3.5 } : {}),
    rungs: [
      { atS: viewer / 10, quality: '720p' },
      { atS: 8, quality: '360p' },
    ],
  })),
  lostSession(18),
  loadSession(19, { kind: 'chromium', content: 'bafyother' }),
])

it('says whether it passed, by what, and what was measured', async () => {
  const html = await renderLoadHtml(result(mixed, 'failed==0', 'startup_p50<3000ms'))
  const seen = words(html)
  expect(seen).toContain('Load test: failed')
  expect(seen).toContain('failed failed==0 1')
  expect(seen).toContain('2 Freezes, 3.5 s of all together')
  expect(seen).toContain('passed startup_p50&lt;3000ms 221 ms')
  expect(seen).toContain('1 PEER_TIMEOUT no connection within 10 s')
  for (const { title } of Object.values(loadFigureSpecs)) expect(seen).toContain(title)
  expect(seen).toContain('Sessions by quality 360p 720p')
  // The worst first: who never connected, then whose picture stood still.
  expect(seen).toMatch(
    /End 18 bafysample 1\.8 s never .* 7 bafysample 0\.7 s 249 ms 19\.5 s 2 \(3\.5 s\) .*19 \(chromium\) bafyother/,
  )
  expect(seen).not.toContain('Not to be trusted')
  expect(html.match(/<figure>/g)).toHaveLength(6)
})

it('has a word for each way in which it can end', async () => {
  const said = async (run: LoadRun, ...thresholds: string[]) =>
    /<h1>Load test: <[^>]*>([^<]*)/.exec(await renderLoadHtml(result(run, ...thresholds)))![1]
  const good = loadRun(loadSessions(5))
  expect(await said(good, 'failed==0')).toBe('passed')
  expect(await said({ ...good, outcome: 'aborted' }, 'failed==1')).toBe('failed')
  expect(await said({ ...good, outcome: 'interrupted' })).toBe('interrupted')
  expect(await said({ ...good, outcome: 'server-gone' })).toBe('the server was gone')
  expect(await said(loadRun([lostSession(0)]))).toBe('nobody connected')
  expect(await said(loadRun([], { timeline: [] }))).toBe('nobody connected')
})

it('says aloud when the tool was too slow, and how a run compares', async () => {
  const slow = loadRun(loadSessions(20, () => ({ startupMs: 700 })))
  const tool = { ...slow.tool, trusted: false, reasons: ['own lag p99 40 ms'] }
  const comparison = compareLoad(loadRun(loadSessions(20)), { ...slow, tool }, { file: 'a.json', toleranceRatio: 0.1 })
  const seen = words(await renderLoadHtml({ ...result({ ...slow, tool }), comparison }))
  expect(seen).toContain('Not to be trusted.')
  expect(seen).toContain('own lag p99 40 ms')
  expect(seen).toMatch(/Time to the first frame 221 ms 700 ms 20 and 20 &lt; 0\.0001 &lt; 0\.0001 worse/)
  expect(seen).toMatch(/Mann-Whitney U test .* corrected/)
})

it('loads nothing, runs nothing, and carries the result for programs', async () => {
  const one = result(mixed, 'failed==0')
  const html = await renderLoadHtml(one, { theme: 'dark', heading: 'Nightly' })
  expect(html).toContain("default-src 'none'")
  expect(html).not.toMatch(/(src|href)="?(https?:)?\/\//)
  expect(html.match(/<script/g)).toHaveLength(1)
  expect(html).toContain('<h1>Nightly: ')
  const data = /<script type="application\/json" id="report">(.*)<\/script>/s.exec(html)![1]!
  expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(one)))
})

it('shows what anybody wrote as text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (word) => {
      const hostile = `<b>${word}</script><img src=x>`
      const error = { code: hostile, message: hostile }
      const rungs = [{ atS: 0, quality: hostile }]
      const sessions = [lostSession(0, { error, content: hostile }), loadSession(1, { rungs })]
      const run = loadRun(sessions, { server: hostile, timeline: [] })
      const html = await renderLoadHtml(
        result({
          ...run,
          plan: { ...run.plan, contents: [hostile], impairment: hostile, quality: hostile },
          tool: { ...run.tool, trusted: false, reasons: [hostile] },
        }),
      )
      expect(html).not.toMatch(/<img/)
      expect(html.match(/<b>/g)!.length).toBe(html.match(/<\/b>/g)!.length)
      expect(html.match(/<\/script>/g)).toHaveLength(1)
    }),
    { numRuns: 20 },
  )
})
