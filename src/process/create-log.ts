import pino, { type Logger } from 'pino';

/** Logs as JSON lines on stderr. Values that could hold a token never reach it; redaction is the second net. */
export const createLog = (level: string): Logger =>
  pino(
    {
      level,
      redact: ['*.authorization', '*.token', 'req.headers', 'err.config', 'err.options'],
      base: null,
    },
    pino.destination(2),
  );
