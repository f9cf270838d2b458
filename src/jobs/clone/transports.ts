/** How the data of a clone can go: inside the SSH connection, or by plain TCP to a netcat. */
export const TRANSPORTS = ['ssh', 'netcat'] as const;
