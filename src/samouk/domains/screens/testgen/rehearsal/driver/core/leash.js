// Ends the server when the process that started it is gone: its end of our standard input closes then.
'use strict';

process.stdin.resume();
process.stdin.on('error', () => {});
process.stdin.on('close', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.unref?.();
