// Loads the compiled program; kept apart from the launcher because an old Node cannot even parse import().
'use strict';

import('../dist/cli/main.js').then(
  function (program) {
    return program.runAsProcess();
  },
  function (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && /dist/.test(error.message)) {
      console.error('mailgate is not built yet: run "npm ci" (or "npm run build") in its folder first.');
      process.exitCode = 70;
      return;
    }
    throw error;
  }
);
