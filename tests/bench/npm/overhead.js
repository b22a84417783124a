#!/usr/bin/env node
'use strict';

// What the launcher of the npm package costs: `switchback version` by it and by the program itself, in turns.
//
//   node tests/bench/npm/overhead.js PROGRAM [RUNS]      for example target/release/switchback 50
//
// The Node that runs this runs the launcher: once as this Node does it, and once as one without `process.execve`.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const [program, runs = '50'] = process.argv.slice(2);
if (!program || !(Number(runs) > 0)) {
  process.stderr.write('usage: overhead.js PROGRAM [RUNS]\n');
  process.exit(2);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'switchback-npm-'));

function install() {
  const pack = path.resolve(__dirname, '../../../assets/package/npm/pack');
  const binary = `${process.platform}-${process.arch}=${path.resolve(program)}`;
  const packed = execFileSync(pack, ['--version', '0.0.0', '--binary', binary, '--out', folder], { encoding: 'utf8' });
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', ...packed.trim().split('\n')];
  execFileSync('npm', args, { cwd: folder, stdio: 'ignore' });
  const without = path.join(folder, 'without.js');
  fs.writeFileSync(without, 'delete process.execve;\n');
  const launcher = fs.realpathSync(path.join(folder, 'node_modules/.bin/switchback'));
  return {
    program: [path.resolve(program)],
    'launcher, as this Node does it': [process.execPath, launcher],
    'launcher, without process.execve': [process.execPath, '--require', without, launcher],
  };
}

function milliseconds([command, ...args]) {
  const began = process.hrtime.bigint();
  const { status } = spawnSync(command, [...args, 'version'], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

try {
  const ways = Object.entries(install());
  const times = new Map(ways.map(([name]) => [name, []]));
  for (let run = 0; run < Number(runs); run += 1) {
    for (const [name, command] of ways) times.get(name).push(milliseconds(command));
  }
  const [alone, ...launched] = ways.map(([name]) => [name, median(times.get(name))]);
  console.log(`Node ${process.version}, ${typeof process.execve === 'function' ? 'with' : 'without'} process.execve; median of ${runs} runs in turns`);
  console.log(`${alone[0]}: ${alone[1].toFixed(1)} ms`);
  for (const [name, time] of launched) console.log(`${name}: ${time.toFixed(1)} ms, ${(time - alone[1]).toFixed(1)} ms more`);
} finally {
  fs.rmSync(folder, { recursive: true });
}
