import { describe, expect, it } from 'vitest'
import { linkLine, onlyConnection, snapshotText } from '../../../src/commands/monitor/view.ts'
import { bareConnection, connection, liveState, startedAtMs } from '../../support/live-state.ts'

describe('one moment as tables', () => {
  const text = (...args: Parameters<typeof liveState>) => snapshotText(liveState(...args), 'http://server')

  it('has every column of every connection, scores with their reasons, and what happened', () => {
    const tasks = [{ id: 't', name: 'open_content', owner: 'a', status: 'running' as const, createdAtMs: startedAtMs }]
    const lines = text([connection('a1'), bareConnection('b2')], { tasks }).split('\n')
    expect(lines[0]).toBe('http://server  up 1:02  mcpx 1.2.3')
    expect(lines[3]).toMatch(/^ID +CONTENT +STATE +QUALITY +RATE .* PEER$/)
    expect(lines[4]).toMatch(/^a1000000 +bafy\S+…\S+42e +active +auto→high +2\.41M +3\.1% .* 127\.0\.0\.1:4000$/)
    expect(lines[5]).toMatch(/^b2000000 .* waiting +auto→– +–/)
    expect(lines).toContain('a1000000   75  −15: loss 3.1 %    –  not known: freezes')
    expect(lines.join('\n')).toMatch(/Tasks\n.* open_content .* running\n$/)
    for (const line of lines) expect(line).toBe(line.trimEnd())
    expect(text([])).toContain('no connections')
  })

  it('has no control character of what others named', () => {
    const content = 'bafy/\u001B[2J\u001B]0;owned\u0007\u202E\r\n.mp4'
    const shown = text([connection('a', { content, error: { code: 'X', message: content } })], {
      events: [{ type: 'error', atMs: startedAtMs, connectionId: 'a', details: { message: content } }],
    })
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(linkLine({ kind: 'gone', sinceMs: 0, reason: 'a\u001B[2Jb' })).not.toContain('\u001B')
  })

  it('can be of one connection alone, named by the beginning of its id', () => {
    const event = { type: 'error' as const, atMs: 0, details: {} }
    const state = liveState([connection('a1'), connection('b2')], {
      events: ['a1', 'b2'].map((id) => ({ ...event, connectionId: connection(id).id })),
    })
    expect(onlyConnection(state, 'b2')).toMatchObject({
      connections: [{ id: connection('b2').id }],
      events: [{ connectionId: connection('b2').id }],
    })
  })
})
