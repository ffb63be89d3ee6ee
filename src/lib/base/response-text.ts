// What another server answers, as text: it may send for ever.

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
