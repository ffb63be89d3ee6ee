// The body of a WHEP PATCH: candidates as an SDP fragment (RFC 8840).

/** What a fragment needs from the local description. */
interface FragmentHead {
  readonly ufrag: string
  readonly pwd: string
  /** The first section's `m=` line and mid, as RFC 8840 wants. */
  readonly mLine: string
  readonly mid: string
}

/** Reads the head of a fragment from a local SDP; undefined when there is no media section with ICE credentials. */
export function readFragmentHead(sdp: string): FragmentHead | undefined {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
  const pwd = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1]
  const mLine = /^m=.*$/m.exec(sdp)?.[0].trim()
  const mid = /^a=mid:(\S+)/m.exec(sdp)?.[1]
  return ufrag && pwd && mLine && mid ? { ufrag, pwd, mLine, mid } : undefined
}

/** An `application/trickle-ice-sdpfrag` body with these candidates of the bundled transport. */
export function writeFragment(head: FragmentHead, candidates: readonly string[], isEnd: boolean): string {
  const lines = [`a=ice-ufrag:${head.ufrag}`, `a=ice-pwd:${head.pwd}`, head.mLine, `a=mid:${head.mid}`]
  for (const candidate of candidates) lines.push(`a=${candidate.replace(/^a=/, '')}`)
  if (isEnd) lines.push('a=end-of-candidates')
  return `${lines.join('\r\n')}\r\n`
}
