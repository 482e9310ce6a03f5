// Puts adapters into flows for the commands, one function a need. Everything is imported when it is asked for:
// a command must not load what it does not use.

/** The user's files: reading a directory or a text, replacing a file. */
export async function localFiles() {
  return await import('../adapters/local/files.ts');
}
