// The HTTP API of a running server: opens a stream in a chosen quality, which waits for its viewer; lists and closes it.
// mcpx serve --sample   and then   node examples/control-a-stream.ts http://127.0.0.1:8000 <cid>
const [server = 'http://127.0.0.1:8000', cid] = process.argv.slice(2)
const token = process.env.MCPX_TOKEN

interface Reply {
  readonly success: boolean
  readonly error?: string
  readonly hint?: string
  readonly connection_id?: string
  readonly player?: string
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const response = await fetch(server + path, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as T
}

/** These routes answer 200 in every case: `success` says how it went. */
async function act(path: string, body?: object): Promise<Reply> {
  const reply = await call<Reply>('POST', `/api/v0/webrtc/${path}`, body)
  if (!reply.success) throw new Error(`${reply.error} ${reply.hint}`)
  return reply
}

const { connection_id, player } = await act('stream', { cid, quality: 'low' })
console.log(`waiting for a viewer at ${server}${player}`)
// Once somebody watches: await act(`quality/${connection_id}`, { quality: 'high' })

const { connections } = await call<{ connections: { connection_id: string; status: string; quality: string }[] }>(
  'GET',
  '/api/v0/webrtc/connections',
)
for (const { connection_id: id, status, quality } of connections) console.log(`${id}  ${status}  ${quality}`)

await act(`close/${connection_id}`)
console.log('closed')
