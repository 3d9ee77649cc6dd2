// The distribution protocol: what is pulled over http(s), from where, and as whom.
export { AuthFileError } from './auth-file.js';
export type { AuthEnvironment, AuthFilePath, AuthOptions } from './auth-lookup.js';
export { AuthFiles, authFilePaths } from './auth-lookup.js';
export { CertificatesError, certificateDirectories, systemRootsFile } from './certificates.js';
export type { FetchedManifest, RegistryClientOptions } from './client.js';
export { RegistryClient } from './client.js';
export { CredentialHelperError } from './credential-helper.js';
export type { CredentialSource, Credentials } from './credentials.js';
export { passwordCredentials } from './credentials.js';
export type { RegistryErrorCode } from './errors.js';
export { RegistryError, TooLargeError } from './errors.js';
export { openBlob } from './open-blob.js';
export type { PullSource } from './registries-config.js';
export { RegistriesConfig } from './registries-config.js';
export { RegistriesConfigError, RegistryBlockedError, ShortNameError } from './registries-errors.js';
export type { RegistriesEnvironment, RegistriesPaths } from './registries-load.js';
export { loadRegistriesConfig, registriesPaths } from './registries-load.js';
export type { FoundRepository, RepositoryQuery } from './search.js';
