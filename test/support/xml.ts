// A real XML parser: expat, as Python has it.
import { spawnSync } from 'node:child_process'
import { findProgram } from './e2e.ts'

export const python = findProgram('python3')

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly children: readonly XmlElement[]
}

const program = `
import json, sys, xml.etree.ElementTree as tree
def shown(one): return dict(name=one.tag, attributes=one.attrib, text=one.text or '', children=[shown(child) for child in one])
print(json.dumps([shown(tree.fromstring(text)) for text in json.load(sys.stdin)]))
`

/** Of several documents; throws what the parser says of one that is not well-formed. */
export function parseXml(texts: readonly string[]): XmlElement[] {
  const { status, stdout, stderr } = spawnSync(python!, ['-c', program], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
  return JSON.parse(stdout)
}
