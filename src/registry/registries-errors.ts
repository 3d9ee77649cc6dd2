// What can be wrong with registries.conf and with a name that it governs.

/** A configuration that cannot be used; names the file. */
export class RegistriesConfigError extends Error {
  override readonly name = 'RegistriesConfigError';
  readonly code = 'REGISTRIES_CONFIG';
}

/** The administrator does not want this registry to be used. */
export class RegistryBlockedError extends Error {
  override readonly name = 'RegistryBlockedError';
  readonly code = 'REGISTRY_BLOCKED';
}

/** A short name that leads nowhere. */
export class ShortNameError extends Error {
  override readonly name = 'ShortNameError';
  readonly code = 'SHORT_NAME';
}
