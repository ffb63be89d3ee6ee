// The body of an answer from a server that may send for ever.

/** The whole body; throws as soon as it exceeds the bound, which also ends the connection. */
export async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    // Leaving the loop cancels the body.
    if (size > maxBytes) throw new Error(`sent more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}
