'use strict';

// A deploy script as users have them: one state file, three keys. With DEPLOY_KEEPS=1 it keeps the keys it does not know.
//
//   node deploy.js switch-green | switch-blue | rollback | status

const fs = require('node:fs');

const FILE = '.deployment-state.json';

function load() {
  if (!fs.existsSync(FILE)) return { activeColor: 'blue', lastSwitch: null, previousColor: null };
  return JSON.parse(fs.readFileSync(FILE, 'utf8'));
}

function save(known, { activeColor, previousColor }) {
  const rest = process.env.DEPLOY_KEEPS === '1' ? known : {};
  const state = { ...rest, activeColor, lastSwitch: Date.now(), previousColor };
  fs.writeFileSync(FILE, JSON.stringify(state, null, 2));
}

function switchTo(color) {
  const state = load();
  if (state.activeColor === color) return console.log(`${color} is already active`);
  save(state, { activeColor: color, previousColor: state.activeColor });
  console.log(`switched to ${color}`);
}

function rollback() {
  const state = load();
  if (!state.previousColor) throw new Error('no previous color to roll back to');
  save(state, { activeColor: state.previousColor, previousColor: state.previousColor });
  console.log(`rolled back to ${state.previousColor}`);
}

const commands = {
  'switch-green': () => switchTo('green'),
  'switch-blue': () => switchTo('blue'),
  rollback,
  status: () => console.log(JSON.stringify(load(), null, 2)),
};

const command = commands[process.argv[2]];
if (!command) throw new Error(`usage: deploy.js ${Object.keys(commands).join(' | ')}`);
command();
