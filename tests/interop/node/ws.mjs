// The package ws as a party, client or server. See party.mjs.

import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Party } from './party.mjs'
import { obey, tell } from './obey.mjs'

const { WebSocket, WebSocketServer } = createRequire(import.meta.url)('ws')

let socket
let server

const party = new Party(tell, {
  text: (bytes, final) => socket.send(bytes, { binary: false, fin: final }),
  binary: (bytes, final) => socket.send(bytes, { binary: true, fin: final }),
  ping: bytes => socket.ping(bytes),
  pong: bytes => socket.pong(bytes),
  close: (code, reason) => socket.close(code, reason)
})

function attend(opened) {
  socket = opened
  socket.on('message', (bytes, binary) => party.hear(binary ? 'binary' : 'text', bytes))
  socket.on('ping', bytes => party.hear('ping', bytes))
  socket.on('pong', bytes => party.hear('pong', bytes))
  socket.on('error', error => console.error(error))
  socket.on('close', (code, reason) => {
    party.hear('close', code, reason)
    party.hear('disconnect')
  })
}

// Undefined leaves a parameter to the other end; false would refuse it.
function setting(deflate) {
  return deflate && {
    threshold: 0,
    serverNoContextTakeover: 'server_no_context_takeover' in deflate || undefined,
    clientNoContextTakeover: 'client_no_context_takeover' in deflate || undefined,
    serverMaxWindowBits: bits(deflate.server_max_window_bits),
    clientMaxWindowBits: bits(deflate.client_max_window_bits)
  }
}

function bits(word) {
  return word && Number(word)
}

function open([url, ...protocols], deflate) {
  attend(new WebSocket(url, protocols, { perMessageDeflate: setting(deflate) ?? false, maxPayload: 0 }))
  socket.on('upgrade', response => {
    if (deflate) tell(['agreed', response.headers['sec-websocket-extensions'] ?? ''])
  })
  socket.on('open', () => party.hear('connect', socket.protocol))
  socket.on('unexpected-response', (request, response) => {
    tell(['error', String(response.statusCode)])
    socket.removeAllListeners('close')
    socket.on('close', () => party.hear('disconnect'))
    socket.terminate()
  })
}

function serve([path, glob], deflate) {
  server?.close()
  server = createServer().listen(0, '127.0.0.1')
  server.on('listening', () => tell(['listening', String(server.address().port)]))
  const admitted = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  new WebSocketServer({
    server,
    path,
    handleProtocols: offered => [...offered].find(each => admitted.test(each)) ?? false,
    perMessageDeflate: setting(deflate) ?? false,
    maxPayload: 0
  }).on('headers', headers => {
    const field = headers.find(line => line.startsWith('Sec-WebSocket-Extensions: '))
    if (deflate) tell(['agreed', field?.slice(26) ?? ''])
  }).on('connection', (opened, request) => {
    attend(opened)
    const url = new URL(request.url, 'ws://localhost')
    party.hear('connect', url.pathname, ...[...url.searchParams].flat())
  })
}

obey(party, { open, serve })
