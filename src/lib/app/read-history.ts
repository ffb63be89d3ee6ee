// Where the rows of a report come from: a server that runs, or the history in a repo that nobody writes now.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { createApi } from '../client/api.ts'
import { findServer } from '../client/find-server.ts'
import { openHistoryStore } from '../history/store.ts'
import type { HistoryAnswer, HistoryReader, ReadHistory } from '../model/history.ts'
import { routes } from '../protocol/routes.ts'

export interface HistorySource extends HistoryReader {
  /** For people: the address or the folder. */
  readonly name: string
  close(): void
}

interface SourceOptions {
  readonly server?: string | undefined
  readonly token?: string | undefined
  readonly persistencePath?: string | undefined
  readonly signal: AbortSignal
}

/** The server that is named or runs here, else the repo. Throws SERVER_UNREACHABLE, or NOT_FOUND where there is no history. */
export async function openHistorySource(options: SourceOptions): Promise<HistorySource> {
  const { server, token, persistencePath, signal } = options
  const url = await findServer({ server, repoPath: persistencePath, signal })
  return url ? fromServer(url, { token, signal }) : fromRepo(persistencePath)
}

/** One day of the history, as its file is called. */
const dayFile = /^(\d{4}-\d{2}-\d{2})\.db$/

/**
 * The history at a path: of a repo, its folder, or one day of it. Throws INVALID_OPTION for a file that is none, NOT_FOUND
 * where there is nothing.
 */
export function openHistoryAt(path: string): HistorySource & { readonly fromMs?: number; readonly toMs?: number } {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found)
    throw new McpxError('NOT_FOUND', `there is no ${path}`, { hint: 'Name a repo, its history, or a day of it.' })
  const day = dayFile.exec(basename(path))?.[1]
  if (!found.isDirectory() && !day)
    throw new McpxError('INVALID_OPTION', `${path} is not a day of a history`, {
      hint: 'Days are called 2026-05-04.db.',
    })
  const folder = day ? dirname(path) : existsSync(join(path, 'history')) ? join(path, 'history') : path
  if (!readdirSync(folder).some((name) => dayFile.test(name)))
    throw new McpxError('NOT_FOUND', `there is no history in ${path}`, {
      hint: 'Name a repo, its history, or a day of it.',
    })
  const fromMs = day ? Date.parse(day) : Number.NaN
  return { ...openFolder(folder), name: path, ...(day && { fromMs, toMs: fromMs + 86_400_000 }) }
}

function fromServer(url: string, { token, signal }: Pick<SourceOptions, 'token' | 'signal'>): HistorySource {
  const api = createApi({ url, signal, ...(token ? { token } : {}) })
  const ask: ReadHistory = async (table, { fromMs, toMs, connection }) => {
    const query = new URLSearchParams({
      from: String(fromMs),
      to: String(toMs),
      ...(connection ? { connection } : {}),
    })
    const answer = await api.request(`${routes.history.replace(':table', table)}?${query}`)
    return (await answer.json()) as HistoryAnswer
  }

  /** What is too much for one answer is asked for in two. */
  const read: ReadHistory = async (table, range) => {
    try {
      return await ask(table, range)
    } catch (error) {
      const middleMs = Math.floor((range.fromMs + range.toMs) / 2)
      if (toMcpxError(error).code !== 'MESSAGE_TOO_LARGE' || middleMs === range.fromMs) throw error
      const earlier = await read(table, { ...range, toMs: middleMs })
      if (range.limit !== undefined && earlier.rows.length >= range.limit) return earlier
      const later = await read(table, { ...range, fromMs: middleMs })
      return {
        rows: earlier.rows.concat(later.rows),
        damaged: [...new Set([...earlier.damaged, ...later.damaged])],
      }
    }
  }

  return {
    name: url,
    read,
    async scan(table, range, columns, onRow) {
      // Of samples that are too many there are means: whoever scans takes those.
      const { rows, damaged } = await ask(table, range)
      for (const row of rows) onRow(columns.map((column) => row[column]))
      return { damaged }
    },
    close() {},
  }
}

function fromRepo(persistencePath: string | undefined): HistorySource {
  const folder = join(resolve(persistencePath ?? join(homedir(), '.mcpx')), 'history')
  if (!existsSync(folder))
    throw new McpxError('NOT_FOUND', `no server runs here, and there is no history in ${folder}`, {
      hint: 'Name a server with --server, or the repo with --persistence-path.',
    })
  return openFolder(folder)
}

function openFolder(folder: string): HistorySource {
  const store = openHistoryStore(folder)
  return {
    name: folder,
    read: async (table, range) => store.read(table, range),
    scan: async (...args) => store.scan(...args),
    close: () => store.close(),
  }
}
