import { inject } from 'vitest';

/** What `test/lab/lab up DIR` started; the document DIR/lab.json. All paths are absolute. */
export interface Lab {
  readonly dir: string;
  readonly ssh: LabSsh;
  /** SFTP only and without OpenSSH's extensions: no posix-rename, so renaming onto a file that exists fails; no fsync, no statvfs. */
  readonly sshPlain: LabSsh;
  readonly s3: LabS3;
  readonly gpg: LabGpg;
}

export interface LabSsh {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** An Ed25519 key; the server lets in this one, the RSA, the ECDSA and the encrypted one. */
  readonly key: string;
  readonly rsaKey: string;
  readonly ecdsaKey: string;
  readonly encryptedKey: string;
  /** Opens the encrypted key. */
  readonly passphrase: string;
  /** The server does not know this one. */
  readonly strangerKey: string;
  readonly knownHosts: string;
  /** The servers' own keys: `ed25519`, `ecdsa`, `rsa`, each with its `.pub`. */
  readonly hostKeys: string;
  /** For `backup_dir`: shared by all tests, so each makes a folder of its own in it. */
  readonly root: string;
  /** 8 MB in all: the full disk. Absent without root or where mounts are forbidden. */
  readonly smallRoot?: string;
}

export interface LabS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The one KMS key it has, and the one storage class beside STANDARD. */
  readonly kmsKeyId: string;
  readonly storageClass: string;
  /** Another user's bucket; what goes beyond 8 MiB is answered 403 QuotaExceeded. */
  readonly quotaBucket: string;
  readonly quotaAccessKey: string;
  readonly quotaSecretKey: string;
}

export interface LabGpg {
  /** The public keys of all three recipients. */
  readonly keyring: string;
  /** The secret key of `recipient`, without a passphrase. */
  readonly secretKeyring: string;
  /** A GnuPG home with the key pair of `recipient`. */
  readonly homedir: string;
  readonly recipient: string;
  /** Its secret key is gone. */
  readonly otherRecipient: string;
  readonly expiredRecipient: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    lab: Lab;
  }
}

/** The running lab; only in the vitest project `lab`, that is below test/. */
export const useLab = (): Lab => inject('lab');
