import { describe, expect, it } from 'vitest'
import { McpxError, toPublicRecord } from '../../../src/lib/base/errors.ts'
import { createPathHider } from '../../../src/lib/base/hide-paths.ts'

describe('folders of this machine', () => {
  const hide = createPathHider({
    home: '/home/ann',
    repo: '/home/ann/.mcpx',
    cwd: '/app',
    reports: undefined,
    odd: '/a/"b',
  })

  it('are called by what they are for, the longest first', () => {
    expect(hide("ENOSPC: write '/home/ann/.mcpx/blocks/xy', '/home/ann/x'")).toBe(
      "ENOSPC: write '<repo>/blocks/xy', '<home>/x'",
    )
  })

  it('are found in JSON too', () => {
    expect(hide(JSON.stringify({ error: 'no /a/"b/c' }))).toBe('{"error":"no <odd>/c"}')
  })

  it('at the root stay, because addresses may begin like them', () => {
    expect(hide('/app/player/bafy')).toBe('/app/player/bafy')
    expect(createPathHider({ cwd: '/' })('/player')).toBe('/player')
  })
})

describe('an error for others', () => {
  it('of the machine says nothing of its files, and keeps code and hint', () => {
    const file = '/home/ann/.mcpx/blocks/xy/bafk'
    const thrown = Object.assign(new Error(`EACCES: permission denied, open '${file}'`), { code: 'EACCES' })
    const full = Object.assign(new Error(`ENOSPC: no space left on device, write '${file}'`), { code: 'ENOSPC' })
    expect(toPublicRecord(thrown)).toMatchObject({ code: 'INTERNAL', message: 'the server could not do this' })
    expect(JSON.stringify([toPublicRecord(thrown), toPublicRecord(full)])).not.toContain('/home')
    expect(toPublicRecord(full)).toMatchObject({ code: 'DISK_FULL', hint: expect.stringContaining('Free some space') })
  })

  it('of content says what it is about', () => {
    expect(toPublicRecord(new McpxError('NOT_MEDIA', 'bafy/x is no media')).message).toBe('bafy/x is no media')
  })
})
