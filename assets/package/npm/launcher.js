#!/usr/bin/env node
'use strict';

// Replaces itself with the program of the package for this platform. Where Node has no `process.execve` (before 22.15 and 23.11) it
// stays as the parent, and passes terminal, signals and exit code through.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const own = require('../package.json');

// The exit code of bad usage or configuration: nothing was moved.
const NOT_STARTED = 2;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
// How long the sentinel may take to die of a signal to the whole group.
const GROUP_MS = 200;

function fail(what, next) {
  process.stderr.write(`switchback: ${what}; nothing was done\nnext: ${next}\n`);
  process.exit(NOT_STARTED);
}

function findProgram() {
  const given = process.env.SWITCHBACK_BINARY;
  if (given) return given;
  const platform = `${process.platform}-${process.arch}`;
  const wanted = `${own.name}-${platform}`;
  const supported = Object.keys(own.optionalDependencies).map((name) => name.slice(own.name.length + 1));
  if (!supported.includes(platform)) {
    fail(
      `no program for \`${platform}\`; there is one for ${supported.join(', ')}`,
      'build it from source, and name it in the variable SWITCHBACK_BINARY',
    );
  }
  try {
    return require.resolve(`${wanted}/bin/switchback`);
  } catch {
    return fail(
      `the package \`${wanted}\` is not installed. It is an optional dependency of \`${own.name}\`: --omit=optional, ` +
        'a lock file of another platform, and a system without glibc (Alpine, musl) leave it out',
      `npm install --include=optional ${wanted}@${own.version}; or name a program in the variable SWITCHBACK_BINARY`,
    );
  }
}

// The loader that an ELF file asks for; its path stands behind the program headers.
function loaderOf(program) {
  const head = Buffer.alloc(4096);
  const file = fs.openSync(program, 'r');
  const length = fs.readSync(file, head, 0, head.length, 0);
  fs.closeSync(file);
  const text = head.toString('latin1', 0, length);
  return text.startsWith('\x7fELF') ? /(\/[\w./-]+\/ld-[\w.-]+)\0/.exec(text)?.[1] : undefined;
}

// A failed `execve` would abort Node, so what it can fail of is looked at before.
function check(program) {
  let loader;
  try {
    fs.accessSync(program, fs.constants.X_OK);
    loader = loaderOf(program);
  } catch (error) {
    const next = process.env.SWITCHBACK_BINARY ? 'correct or unset SWITCHBACK_BINARY' : 'remove node_modules, and install again';
    fail(`cannot start \`${program}\`: ${error.code ?? error.message}`, next);
  }
  if (loader && !fs.existsSync(loader)) {
    fail(
      `cannot start \`${program}\`: its loader \`${loader}\` is missing. It needs glibc, which Alpine and other musl systems do not have`,
      'use a system or an image with glibc, such as node:lts-slim',
    );
  }
}

// Dies of every signal to the group, and with this process. While it lives, a signal was for this process alone.
function watchGroup() {
  let diedAt = -Infinity;
  const start = () => {
    const sentinel = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    sentinel.on('error', () => {});
    sentinel.on('exit', (_code, signal) => {
      diedAt = performance.now();
      if (signal) start();
    });
  };
  start();
  return () => performance.now() - diedAt < 2 * GROUP_MS;
}

function runAsChild(program, args, env) {
  const reachedGroup = watchGroup();
  const child = spawn(program, args, { stdio: 'inherit', env, argv0: 'switchback' });
  for (const signal of FORWARDED) {
    // A signal to the group (Ctrl-C, `timeout`, systemd) reached the program as well, and a second one would cut off a move.
    process.on(signal, () => setTimeout(() => reachedGroup() || child.kill(signal), GROUP_MS));
  }
  child.on('error', (error) => fail(`cannot start \`${program}\`: ${error.code ?? error.message}`, 'remove node_modules, and install again'));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    FORWARDED.forEach((forwarded) => process.removeAllListeners(forwarded));
    process.kill(process.pid, signal);
    // Where the signal does not end this process.
    setTimeout(() => process.exit(128 + os.constants.signals[signal]), GROUP_MS);
  });
}

const program = findProgram();
check(program);
const { SWITCHBACK_BINARY: _, ...env } = process.env;
const args = process.argv.slice(2);
if (typeof process.execve === 'function') process.execve(program, ['switchback', ...args], env);
else runAsChild(program, args, env);
