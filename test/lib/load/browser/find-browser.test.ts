import { describe, expect, it } from 'vitest'
import type { McpxError } from '../../../../src/lib/base/errors.ts'
import { findBrowser, type Machine, thisMachine } from '../../../../src/lib/load/browser/find-browser.ts'

const machine = (platform: NodeJS.Platform, programs: readonly string[], env: Machine['env'] = {}): Machine => ({
  platform,
  env,
  isProgram: (path) => programs.includes(path),
})

function failure(find: () => unknown): McpxError {
  try {
    find()
  } catch (error) {
    return error as McpxError
  }
  throw new Error('a browser was found')
}

describe('a browser of the machine', () => {
  it.each([
    ['chromium', 'linux', '/opt/b/chromium', { PATH: '/opt/a:/opt/b' }],
    ['chromium', 'linux', '/usr/bin/google-chrome-stable', { PATH: '/opt/a' }],
    ['chromium', 'linux', '/snap/bin/chromium', {}],
    ['firefox', 'linux', '/opt/a/firefox-esr', { PATH: ':/opt/a:' }],
    ['chromium', 'darwin', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', {}],
    ['firefox', 'darwin', '/Users/me/Applications/Firefox.app/Contents/MacOS/firefox', { HOME: '/Users/me' }],
    [
      'chromium',
      'win32',
      'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
      { 'ProgramFiles(x86)': 'C:\\Program Files (x86)' },
    ],
    ['firefox', 'win32', 'D:\\tools\\firefox.exe', { Path: 'C:\\Windows;D:\\tools' }],
  ] as const)('%s on %s is found at %s', (kind, platform, path, env) => {
    expect(findBrowser(kind, undefined, machine(platform, [path], env))).toBe(path)
  })

  it('is the first of the PATH that has the first name, and a real file', () => {
    const there = machine('linux', ['/b/chromium', '/a/google-chrome', '/c/chromium'], { PATH: '/a:/b:/c' })
    expect(findBrowser('chromium', undefined, there)).toBe('/b/chromium')
    expect(thisMachine.isProgram('/')).toBe(false)
    expect(thisMachine.isProgram(process.execPath)).toBe(true)
    expect(thisMachine.isProgram(import.meta.filename)).toBe(false)
  })

  it('that is not there is an error that says where it was looked for, and what to do', () => {
    const none = failure(() => findBrowser('firefox', undefined, machine('linux', ['/usr/bin/chromium'])))
    expect(none).toMatchObject({ code: 'INVALID_OPTION', exit: 2 })
    expect(none.message).toBe(
      '--browser firefox: no firefox, firefox-esr on the PATH, nor in /usr/bin, /usr/local/bin, /snap/bin',
    )
    expect(none.hint).toBe('Install Firefox, or name its program with --browser-path.')
    expect(failure(() => findBrowser('chromium', undefined, machine('aix', []))).message).toMatch(/on the PATH$/)
  })

  it('that is named is that one or none', () => {
    const there = machine('linux', ['/usr/bin/firefox', '/opt/firefox'])
    expect(findBrowser('firefox', '/opt/firefox', there)).toBe('/opt/firefox')
    const wrong = failure(() => findBrowser('firefox', '/opt/\u001b[31mfox', there))
    expect(wrong).toMatchObject({ code: 'INVALID_OPTION' })
    expect(wrong.message).toBe('--browser-path "/opt/\\u001b[31mfox" is no program that can be run')
  })
})
