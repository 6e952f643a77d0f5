// PASS and FAIL lines for the Node clients, and the last line with both counts.
'use strict';
const assert = require('node:assert/strict');

class Report {
  constructor(name) {
    this.name = name;
    this.passed = 0;
    this.failed = 0;
  }

  async run(title, body) {
    try {
      await body();
      this.passed += 1;
      console.log(`PASS ${this.name}: ${title}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL ${this.name}: ${title}: ${String(error.message).split('\n').slice(0, 6).join(' ')}`);
    }
  }

  finish() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}

module.exports = { Report, same: assert.deepEqual };
