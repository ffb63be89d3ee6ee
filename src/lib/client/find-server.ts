// Which server a command talks to: the one that is named, or the one that runs on this machine and left its address in the repo.
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { McpxError } from '../base/errors.ts'
import { type Host, systemHost } from '../base/host.ts'
import { withoutCredentials } from '../base/without-credentials.ts'
import { parseServerFile, serverFilePath } from '../model/server.ts'

interface FindOptions {
  /** What --server says. */
  readonly server?: string | undefined
  /** What --persistence-path says; ~/.mcpx otherwise. */
  readonly repoPath?: string | undefined
  readonly signal?: AbortSignal
  readonly host?: Pick<Host, 'isAlive'>
}

/** How long a server of this machine may take to say that it lives. */
const answerMs = 2000

const defaultRepoPath = (): string => join(homedir(), '.mcpx')

/**
 * The home address of the server, or undefined when none is named and none runs here. A named one is not asked.
 * Throws INVALID_OPTION where the name is no http address.
 */
export async function findServer(options: FindOptions): Promise<string | undefined> {
  if (options.server) return parseServerUrl(options.server)
  const text = await readFile(serverFilePath(resolve(options.repoPath ?? defaultRepoPath())), 'utf8').catch(() => '')
  const running = parseServerFile(text)
  // After a crash another program may listen there by now, and it would be given the token.
  if (!running || !(options.host ?? systemHost).isAlive(running.pid)) return undefined
  return (await answers(running.url, options.signal)) ? running.url : undefined
}

/** `host:8000`, `http://host:8000/base` → an http(s) address. */
export function parseServerUrl(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  if (url && (url.username || url.password))
    throw new McpxError('INVALID_OPTION', '--server: an address holds no user name and no password', {
      hint: 'Give the token of the server with --token or MCPX_TOKEN.',
    })
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new McpxError(
      'INVALID_OPTION',
      `--server: ${JSON.stringify(withoutCredentials(text))} is not an http or https address`,
    )
  return url.href
}

/** A file may outlive its server: only an answer counts, whatever it says. */
async function answers(url: string, signal?: AbortSignal): Promise<boolean> {
  const limits = [AbortSignal.timeout(answerMs), ...(signal ? [signal] : [])]
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}/health`, { signal: AbortSignal.any(limits) })
    await response.body?.cancel()
    return true
  } catch {
    signal?.throwIfAborted()
    return false
  }
}
