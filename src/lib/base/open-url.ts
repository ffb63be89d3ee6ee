// Opens a page in the person's browser with what the system has for it.
import { spawn } from 'node:child_process'

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Program and arguments that open an address here. */
export function openerFor(url: string, platform: NodeJS.Platform = process.platform): readonly [string, ...string[]] {
  const [program, ...args] = openers[platform] ?? ['xdg-open']
  return [program!, ...args, url]
}

/** Resolves with whether a browser could be asked; does not wait for it. Takes http(s) addresses only. */
export function openUrl(url: string, [program, ...args] = openerFor(url)): Promise<boolean> {
  if (!/^https?:\/\//.test(url)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    child.on('error', () => resolve(false))
    child.on('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
