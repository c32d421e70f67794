// The WebSocket of browsers as a party, a client alone: in a page of Chromium's, or by undici. See party.mjs.
//
// It sends no ping, pong or fragment, and tells of none.

import { Party } from './party.mjs'

export class BrowserParty extends Party {
  // Socket: the class WebSocket.
  constructor(tell, Socket) {
    super(tell, {
      text: bytes => this.socket.send(decoder.decode(bytes)),
      binary: bytes => this.socket.send(bytes),
      close: (...words) => this.socket.close(...(words[0] ? words : []))
    })
    this.Socket = Socket
  }

  open(url, protocols, compressed) {
    const socket = new this.Socket(url, protocols)
    let connected = false
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      connected = true
      if (compressed) this.tell(['agreed', socket.extensions])
      this.hear('connect', socket.protocol)
    }
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') this.hear('text', encoder.encode(data))
      else this.hear('binary', new Uint8Array(data))
    }
    socket.onclose = ({ code, reason }) => {
      this.hear('close', code, reason)
      this.hear('disconnect')
    }
    // After an opening that failed undici tells no close, as the standard has it.
    socket.onerror = () => {
      if (!connected) {
        socket.onclose = null
        this.tell(['error'])
        this.hear('disconnect')
      }
    }
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
