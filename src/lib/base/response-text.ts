// What another server answers, as text: it may send for ever.

/** The longest SDP answer that is read; a real one has a few thousand bytes. */
export const maxSdpBytes = 256 * 1024

/** The first so many bytes of the body; what is longer is cut off and its connection ended. */
export async function textUpTo(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    size += part.byteLength
    // Leaving the loop ends the connection.
    if (size >= maxBytes) break
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}
