import { describe, expect, it } from 'vitest'
import { browserCommand } from '../../../../src/lib/load/browser/browser-command.ts'

const start = {
  folder: '/tmp/f',
  url: 'http://127.0.0.1:1/secret</script>/',
  platform: 'linux',
  isRoot: false,
} as const
const first = 'file:///tmp/f/start.html'

describe.each(['chromium', 'firefox'] as const)('the command line of %s', (kind) => {
  const { args, files } = browserCommand({ ...start, kind }, first)

  it('names the first page and the folder, and no secret', () => {
    expect(args.at(-1)).toBe(first)
    expect(args.join(' ')).toContain('/tmp/f')
    expect(args.join(' ')).not.toContain('secret')
  })

  it('has a first page that goes to ours, whatever is in its address', () => {
    const [, target] = /location\.replace\((".*?")\)<\/script>/.exec(files['start.html']!) ?? []
    expect(JSON.parse(target!)).toBe(start.url)
    expect(files['start.html']!.match(/<\/script>/g)).toHaveLength(1)
  })

  it('has no window', () => {
    expect(args.some((arg) => arg.startsWith('--headless'))).toBe(true)
  })
})

describe('Chromium', () => {
  it('gives up its sandbox for root alone, as which it would not start', () => {
    const argsFor = (isRoot: boolean) => browserCommand({ ...start, kind: 'chromium', isRoot }, first).args
    expect(argsFor(true)).toContain('--no-sandbox')
    expect(argsFor(false).join(' ')).not.toContain('sandbox')
  })
})

describe('Firefox', () => {
  it('has preferences for ICE on loopback, which is for pages with a camera, and for a page that closes its window', () => {
    const { files } = browserCommand({ ...start, kind: 'firefox' }, first)
    const lines = files['user.js']!.trimEnd().split('\n')
    expect(lines).toContain('user_pref("media.peerconnection.ice.loopback", true);')
    expect(lines).toContain('user_pref("permissions.default.camera", 1);')
    expect(lines).toContain('user_pref("dom.allow_scripts_to_close_windows", true);')
    for (const line of lines) expect(line).toMatch(/^user_pref\("[\w.-]+", .+\);$/)
  })

  it('is waited for on Windows, where its launcher would be gone before it', () => {
    const argsOn = (platform: NodeJS.Platform) => browserCommand({ ...start, kind: 'firefox', platform }, first).args
    expect(argsOn('win32')).toContain('--wait-for-browser')
    expect(argsOn('linux')).not.toContain('--wait-for-browser')
  })
})
