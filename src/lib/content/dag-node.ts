// One block of a UnixFS DAG, decoded and checked: what it holds itself and what hangs beneath it.
import { decode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { McpxError } from '../base/errors.ts'
import { type CID, cidText, codecs } from './cid.ts'

/** Kubo writes 174 or 1024 links; a block of 4 MiB could claim 100,000. */
const maxLinks = 16_384

/** A block that hangs beneath a file node, with the bytes of the file that it stands for, relative to the node. */
interface DagChild {
  readonly cid: CID
  readonly start: number
  readonly end: number
}

/** A part of a file: its own bytes come first, then those of its children. */
export interface FileNode {
  readonly type: 'file'
  readonly sizeBytes: number
  readonly data: Uint8Array
  readonly children: readonly DagChild[]
}

interface DirectoryNode {
  readonly type: 'directory'
  readonly links: readonly CID[]
}

type DagNode = FileNode | DirectoryNode

const nothing = new Uint8Array(0)

/** Decodes a verified block. CONTENT_CORRUPT for a lie in its sizes, NOT_MEDIA for what is neither file nor directory. */
export function decodeDagNode(cid: CID, bytes: Uint8Array): DagNode {
  if (cid.code === codecs.raw) return { type: 'file', sizeBytes: bytes.length, data: bytes, children: [] }
  if (cid.code !== codecs.dagPb)
    throw new McpxError('NOT_MEDIA', `${cidText(cid)} has the codec 0x${cid.code.toString(16)}, which is not a file`)
  const { links, unixfs } = decodePb(cid, bytes)
  switch (unixfs.type) {
    case 'file':
    case 'raw':
      return fileNode(cid, links, unixfs)
    case 'directory':
    case 'hamt-sharded-directory':
      return { type: 'directory', links }
    default:
      throw new McpxError('NOT_MEDIA', `${cidText(cid)} is a ${unixfs.type}, which cannot be read`)
  }
}

/** The same, for callers that take nothing but a file. */
export function decodeFileNode(cid: CID, bytes: Uint8Array): FileNode {
  const node = decodeDagNode(cid, bytes)
  if (node.type !== 'file') throw new McpxError('NOT_MEDIA', `${cidText(cid)} is a directory, not a file`)
  return node
}

function decodePb(cid: CID, bytes: Uint8Array): { links: CID[]; unixfs: UnixFS } {
  let links: CID[]
  let unixfs: UnixFS
  try {
    const node = decode(bytes)
    links = node.Links.map((link) => link.Hash)
    unixfs = UnixFS.unmarshal(node.Data ?? nothing)
  } catch (error) {
    throw corrupt(cid, 'is not a UnixFS node', error)
  }
  if (links.length > maxLinks) throw corrupt(cid, `has ${links.length} links, more than ${maxLinks}`)
  return { links, unixfs }
}

function fileNode(cid: CID, links: readonly CID[], unixfs: UnixFS): FileNode {
  const sizes = unixfs.blockSizes
  if (sizes.length !== links.length) throw corrupt(cid, `has ${links.length} links but ${sizes.length} sizes`)
  const data = unixfs.data ?? nothing
  const children: DagChild[] = []
  let end = data.length
  for (const [at, link] of links.entries()) {
    const start = end
    end += Number(sizes[at]!)
    // Protobuf sizes are 64 bits; what does not fit a double exactly is a lie about a file of over 8 PiB.
    if (!Number.isSafeInteger(end)) throw corrupt(cid, `claims ${sizes[at]} bytes for one link`)
    children.push({ cid: link, start, end })
  }
  return { type: 'file', sizeBytes: end, data, children }
}

function corrupt(cid: CID, what: string, cause?: unknown): McpxError {
  return new McpxError('CONTENT_CORRUPT', `the block ${cidText(cid)} ${what}`, { cause })
}
