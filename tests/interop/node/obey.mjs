// The standard input and output of a party: what begins a conversation comes in, the transcript goes out.

import { createInterface } from 'node:readline'

export function tell(words) {
  process.stdout.write(JSON.stringify(words) + '\n')
}

// orders: by name, what begins a conversation, with the words behind it; party: plays the part.
export async function obey(party, orders) {
  let part = []
  let deflate = null
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, ...words] = line.split(' ')
    if (order === 'deflate') {
      deflate = Object.fromEntries(words.map(word => word.split('=')))
    } else if (order in orders) {
      party.begin(part)
      orders[order](words, deflate)
      part = []
      deflate = null
    } else {
      part.push([order, ...words])
    }
  }
  process.exit()
}
