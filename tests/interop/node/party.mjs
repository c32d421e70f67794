// A party to scripted conversations, whatever it is that speaks for it: what `party.tcl` is for tcllib.
//
// Beside the entries of `party.tcl` there is
//
//   echo COUNT               say back the next COUNT messages, which are not told
//
// and before `serve` and `open`
//
//   deflate ?PARAMETER ...?  compress, with these parameters as in Sec-WebSocket-Extensions
//
// In a conversation with compression it tells ["agreed", EXTENSIONS]; it is not said otherwise.

export class Party {
  // tell: takes a list of words. actions: by name, what the words of an entry make the peer do.
  constructor(tell, actions) {
    this.tell = tell
    this.actions = actions
    this.begin([])
  }

  begin(part) {
    this.part = part
    this.waiting = 'connect'
    this.echoes = 0
  }

  // Something happened; message is bytes where the type has them, as text and binary do.
  hear(type, ...message) {
    if (this.echoes > 0 && (type === 'text' || type === 'binary')) {
      this.echoes -= 1
      this.actions[type](message[0], true)
      if (this.echoes === 0) this.play()
      return
    }
    this.tell([type, ...message.map(word => words[type]?.(word) ?? String(word))])
    if (type === this.waiting) this.play()
    if (type === 'disconnect') this.tell(['over'])
  }

  // Does what comes next, up to where it has to wait.
  play() {
    this.waiting = ''
    while (this.part.length > 0) {
      const [action, first, second] = this.part.shift()
      if (action === 'wait') {
        this.waiting = first
        return
      }
      if (action === 'echo') {
        this.echoes = Number(first)
        return
      }
      if (action === 'close') this.actions.close(first === '-' ? undefined : Number(first), text(unhex(second)))
      else this.actions[action](unhex(first), second === '1')
    }
  }
}

export function text(bytes) {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function hex(bytes) {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

function unhex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

const words = { text, binary: hex, ping: hex, pong: hex }
