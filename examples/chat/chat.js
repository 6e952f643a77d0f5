// A chat room over ioredis: shard channels carry what is said, a stream keeps the last lines, a hash with expiring fields says
// who is there. Usage: node chat.js [--url redis://127.0.0.1:6379] --room ROOM --name NAME
'use strict';
const readline = require('node:readline');
const Redis = require('ioredis');

const HISTORY = 20;          // Lines that a newcomer is shown.
const HERE_SECONDS = 10;     // Who has not been heard of for so long has left.

class Room {
  // `say(line)` is called with each line to show.
  constructor(url, room, name, say) {
    // A connection that listens on shard channels does nothing else.
    this.listening = new Redis(url, { maxRetriesPerRequest: 3 });
    this.talking = new Redis(url, { maxRetriesPerRequest: 3 });
    // One hash tag, so that channel, lines and people of a room share a shard.
    this.channel = `chat:{${room}}`;
    this.lines = `chat:{${room}}:lines`;
    this.people = `chat:{${room}}:people`;
    this.name = name;
    this.say = say;
  }

  async enter() {
    this.listening.on('smessage', (channel, message) => {
      if (channel === this.channel) this.show(JSON.parse(message));
    });
    // Listening begins before the past is read: a line may come twice, none is lost.
    await this.listening.ssubscribe(this.channel);
    const past = await this.talking.xrevrange(this.lines, '+', '-', 'COUNT', HISTORY);
    for (const [, [, text]] of past.reverse()) this.show(JSON.parse(text));
    await this.stay();
    this.heartbeat = setInterval(() => this.stay().catch(() => {}), HERE_SECONDS * 300);
    await this.publish({ from: this.name, event: 'entered' });
  }

  async stay() {
    await this.talking.hset(this.people, this.name, Date.now());
    await this.talking.call('HEXPIRE', this.people, HERE_SECONDS, 'FIELDS', 1, this.name);
  }

  show({ from, text, event }) {
    this.say(event ? `* ${from} ${event}` : `<${from}> ${text}`);
  }

  publish(message) {
    return this.talking.spublish(this.channel, JSON.stringify(message));
  }

  async speak(text) {
    const message = { from: this.name, text };
    // Kept before it is heard, so that who enters in between misses nothing.
    await this.talking.xadd(this.lines, 'MAXLEN', '~', 1000, '*', 'm', JSON.stringify(message));
    await this.publish(message);
  }

  async who() {
    return (await this.talking.hkeys(this.people)).sort();
  }

  async leave() {
    clearInterval(this.heartbeat);
    await this.talking.hdel(this.people, this.name);
    await this.publish({ from: this.name, event: 'left' });
    await this.listening.sunsubscribe(this.channel);
    await Promise.all([this.listening.quit(), this.talking.quit()]);
  }
}

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

async function main() {
  const room = new Room(option('url', 'redis://127.0.0.1:6379'), option('room', 'lobby'), option('name', `guest-${process.pid}`),
                        (line) => console.log(line));
  await room.enter();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === '/quit') break;
    if (line === '/who') console.log(`* here: ${(await room.who()).join(', ')}`);
    else if (line) await room.speak(line);
  }
  await room.leave();
  process.stdin.destroy();  // Nothing more is read: a terminal or pipe that stays open would keep the process.
}

module.exports = { Room };
if (require.main === module) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
