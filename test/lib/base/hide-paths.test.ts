import { describe, expect, it } from 'vitest'
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
