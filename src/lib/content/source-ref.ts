// From content to what a media worker needs to play it: one file, or the files of a ladder or HLS directory.
import { McpxError } from '../base/errors.ts'
import type { FileRef, SourceRef } from '../protocol/media-plane.ts'
import type { ContentStat, DirectoryEntry } from './store.ts'

const maxFiles = 1000
const listedPaths = 20
const playlistName = /\.m3u8$/i
const maxDepth = 8
const playable = /\.(?:mp4|m4v|m4a|mov|mkv|webm|ogg|ogv|oga|opus|mp3|wav|flac|aac|adts|ts|m2ts|mts)$/i

type List = (cid: string) => Promise<readonly DirectoryEntry[]>

interface FoundFile extends FileRef {
  readonly path: string
}

/** A playlist that is named by its path plays with the files beside it; undefined for everything else. */
export function playlistIn({ type, path }: Pick<ContentStat, 'type'> & { readonly path: string }) {
  const slash = path.lastIndexOf('/')
  if (type !== 'file' || slash < 0 || !playlistName.test(path)) return undefined
  return { folder: path.slice(0, slash), name: path.slice(slash + 1) }
}

/**
 * A file is its own entry. A directory with `master.m3u8`, or just one playlist at its top, is taken whole; one with a
 * single playable file is that file. AMBIGUOUS_CONTENT lists the playable paths, NOT_MEDIA says there are none.
 * With `entry`, that file of the directory and all beside it.
 */
export async function createSourceRef(
  content: ContentStat & { readonly path: string },
  list: List,
  entry?: string,
): Promise<SourceRef> {
  const { cid, sizeBytes, path } = content
  if (content.type === 'file') {
    const name = path.split('/').at(-1)!
    return { id: path, entry: name, files: { [name]: { cid, sizeBytes } } }
  }
  const files = await filesBeneath(cid, path, list)
  if (entry !== undefined) return { id: `${path}/${entry}`, entry, files: byPath(files) }
  const playlist = findPlaylist(files)
  if (playlist) return { id: path, entry: playlist, files: byPath(files) }
  const media = files.filter((file) => playable.test(file.path))
  const [only] = media
  if (!only) throw new McpxError('NOT_MEDIA', `the directory ${path} holds no playable file`)
  if (media.length > 1) throw ambiguous(path, media)
  return { id: `${path}/${only.path}`, entry: only.path, files: byPath([only]) }
}

async function filesBeneath(root: string, rootPath: string, list: List): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  const folders = [{ cid: root, prefix: '', depth: 0 }]
  for (let folder = folders.shift(); folder; folder = folders.shift()) {
    for (const { name, cid, type, sizeBytes } of await list(folder.cid)) {
      const path = `${folder.prefix}${name}`
      if (type === 'file') files.push({ path, cid, sizeBytes })
      else if (folder.depth < maxDepth) folders.push({ cid, prefix: `${path}/`, depth: folder.depth + 1 })
      if (files.length + folders.length > maxFiles)
        throw new McpxError('AMBIGUOUS_CONTENT', `the directory ${rootPath} holds more than ${maxFiles} files`)
    }
  }
  return files
}

function findPlaylist(files: readonly FoundFile[]): string | undefined {
  const top = files.filter(({ path }) => !path.includes('/') && playlistName.test(path)).map(({ path }) => path)
  if (top.includes('master.m3u8')) return 'master.m3u8'
  return top.length === 1 ? top[0] : undefined
}

function byPath(files: readonly FoundFile[]): Record<string, FileRef> {
  return Object.fromEntries(files.map(({ path, cid, sizeBytes }) => [path, { cid, sizeBytes }]))
}

function ambiguous(root: string, media: readonly FoundFile[]): McpxError {
  // One line each: a name with a line break in it would be two.
  const paths = media.map(({ path }) => `${root}/${path}`.replaceAll(/[\r\n\u2028\u2029]+/g, ' ')).sort()
  const more = paths.length > listedPaths ? [`… and ${paths.length - listedPaths} more`] : []
  const lines = [...paths.slice(0, listedPaths), ...more].join('\n  ')
  return new McpxError('AMBIGUOUS_CONTENT', `${root} holds ${media.length} playable files:\n  ${lines}`)
}
