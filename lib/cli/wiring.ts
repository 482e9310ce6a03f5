// Puts adapters into flows for the commands, one function a need. Everything is imported when it is asked for:
// a command must not load what it does not use.
