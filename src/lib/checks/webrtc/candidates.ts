// The candidates in a description: which are there, and the same description with others.

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay'

const candidateLine = /^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ (host|srflx|prflx|relay)\b/i

/** Leaves out the candidates of other types. */
export function keepCandidates(sdp: string, types: readonly CandidateType[]): string {
  const isKept = (line: string) => {
    const type = candidateLine.exec(line)?.[3]
    return type === undefined || types.includes(type.toLowerCase() as CandidateType)
  }
  return sdp.split('\r\n').filter(isKept).join('\r\n')
}

/** Puts these (`candidate:…`) in place of what is there, in each section. */
export function replaceCandidates(sdp: string, candidates: readonly string[]): string {
  const lines = sdp.split('\r\n').filter((line) => !candidateLine.test(line))
  const own = candidates.map((candidate) => `a=${candidate}`)
  return lines.flatMap((line) => (line === 'a=end-of-candidates' ? [...own, line] : [line])).join('\r\n')
}

export interface NamedCandidate {
  readonly type: CandidateType
  readonly address: string
  readonly port: number
}

/** Each address once. */
export function candidatesIn(sdp: string): NamedCandidate[] {
  const found = new Map<string, NamedCandidate>()
  for (const line of sdp.split(/\r\n|\n/)) {
    const [, address, port, type] = candidateLine.exec(line) ?? []
    if (address === undefined) continue
    const candidate = { type: type!.toLowerCase() as CandidateType, address, port: Number(port) }
    found.set(`${address} ${port}`, candidate)
  }
  return [...found.values()]
}
