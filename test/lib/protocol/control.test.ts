import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { viewerReportLimits } from '../../../src/lib/model/viewer-report.ts'
import { maxControlLength, parseViewerMessage } from '../../../src/lib/protocol/control.ts'

const parse = (message: unknown) => parseViewerMessage(JSON.stringify(message))
const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}

describe('a message of a viewer', () => {
  it.each([
    { type: 'play' },
    { type: 'pause' },
    { type: 'seek', timeS: 1.5 },
    { type: 'quality', quality: 'low' },
    { type: 'loop', loop: true },
    { type: 'audio', trackId: 2 },
    { type: 'report', report: { firstFrameMs: 250, freezeCount: 1 } },
  ])('%j is understood', (message) => {
    expect(parse(message)).toEqual(message)
  })

  it.each([
    null,
    7,
    [],
    {},
    { type: 'stop' },
    { type: 'seek' },
    { type: 'seek', timeS: -1 },
    { type: 'loop', loop: 1 },
    { type: 'audio', trackId: 0.5 },
    { type: 'quality', quality: 'fixed' },
    { type: 'report' },
    { type: 'report', report: 5 },
    { type: 'report', report: { freezeCount: -1 } },
    { type: 'report', report: { freezeCount: 1.5 } },
    { type: 'report', report: { framesReceived: 1e-9 } },
    { type: 'report', report: { firstFrameMs: '250' } },
    { type: 'report', report: { framesPerSecond: 1e9 } },
    { type: 'report', report: { bytesReceived: null } },
  ])('%j is refused', (message) => {
    expect(codeOf(() => parse(message))).toBe('INVALID_REQUEST')
  })

  it('that is no JSON or too long is refused unread', () => {
    expect(codeOf(() => parseViewerMessage('{'))).toBe('INVALID_JSON')
    expect(codeOf(() => parseViewerMessage(' '.repeat(maxControlLength + 1)))).toBe('MESSAGE_TOO_LARGE')
  })

  it('has nothing in its report but known numbers within their limits, whatever was sent', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(viewerReportLimits), 'other', '__proto__'), fc.jsonValue()),
        (report) => {
          let message: ReturnType<typeof parse>
          try {
            message = parse({ type: 'report', report })
          } catch {
            return
          }
          if (message.type !== 'report') throw new Error('not a report')
          for (const [field, value] of Object.entries(message.report)) {
            const most = viewerReportLimits[field as keyof typeof viewerReportLimits]
            expect(value).toBeGreaterThanOrEqual(0)
            expect(value).toBeLessThanOrEqual(most)
          }
        },
      ),
      { seed: 5, numRuns: 500 },
    )
  })
})
