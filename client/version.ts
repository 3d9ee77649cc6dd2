// The version of imagectl: that of the package it comes with.

export const clientVersion = '0.1.0';

/** What `--version` prints. */
export const versionText = `imagectl version ${clientVersion}`;
