#!/usr/bin/env node
// Starts mailgate; written in old, plain JavaScript so that a Node too old for mailgate can still read it and say so, or
// hand over to the newer Node that a checkout brings along (the npm package `node`).
'use strict';

var path = require('path');
var fs = require('fs');

// better-sqlite3 13 crashes Node 22.13 and older.
var OLDEST = [22, 14];

function isNewEnough(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number);
  return parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1]);
}

function handOver(node) {
  var spawn = require('child_process').spawn;
  var child = spawn(node, process.execArgv.concat([__filename], process.argv.slice(2)), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes and this one passes it on as well: mailgate takes two signals in a moment for one.
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    console.error('mailgate: cannot start ' + node + ': ' + error.message);
    process.exitCode = 70;
  });
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function start() {
  if (isNewEnough(process.version)) {
    require('./start.js');
    return;
  }
  var pinned = path.join(
    __dirname,
    '..',
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node'
  );
  if (fs.existsSync(pinned)) {
    handOver(pinned);
    return;
  }
  console.error(
    'mailgate needs Node ' +
      OLDEST.join('.') +
      ' or newer, and this is ' +
      process.version +
      ': install a newer Node (https://nodejs.org) and run it again.'
  );
  process.exitCode = 2;
}

start();
