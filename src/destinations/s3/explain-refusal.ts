import { quote } from 'shlex';

/** What the server said: its own name for it, the HTTP status, and its words. */
interface Refusal {
  readonly name: string;
  readonly status: number;
  readonly message: string;
}

interface Explained {
  readonly reason: string;
  readonly remedy: string;
}

/** What the SDK calls an answer without words, and Node any error. */
const NAMELESS: readonly string[] = ['', 'Error', 'UnknownError'];

/** What the server said; without an answer of its, what went wrong, whose name is then one of a class in a program. */
export function serverWords({ name, status, message }: Refusal): string {
  const words = (status === 0 ? [message] : [name, message]).filter((word) => !NAMELESS.includes(word));
  return words.length > 0 ? words.join(': ') : `HTTP ${status}`;
}

/** The server's own words, to follow ours. */
export function quoteServer(refusal: Refusal): string {
  return `(${serverWords(refusal)})`;
}

/** An object in an archive of Amazon's. Source: Amazon S3 API Reference, GetObject. */
export function explainArchived(
  refusal: Refusal,
  bucket: string,
  key: string | undefined,
): Explained | undefined {
  if (refusal.name !== 'InvalidObjectState') return undefined;
  const [which, where] = [quote(bucket), key === undefined ? 'KEY' : quote(key)];
  return {
    reason: `it is in an archive, from which it has to be restored first ${quoteServer(refusal)}`,
    remedy: `Run: aws s3api restore-object --bucket ${which} --key ${where} --restore-request Days=7, and try again when that is done: in minutes to two days, by storage class.`,
  };
}

/** A key of AWS KMS that does not do. Source: AWS KMS, "Key states", and Amazon S3 User Guide, SSE-KMS: "Permissions". */
export function explainKms(refusal: Refusal, who: string, key: string | undefined): Explained | undefined {
  const { name, status, message } = refusal;
  const isDenied = status === 403 && /\bkms:|\bKMS\b|master key/.test(message);
  if (!isDenied && !name.startsWith('KMS')) return undefined;
  return {
    reason: `the server cannot use the KMS key ${key ?? 'of the bucket'} ${quoteServer(refusal)}`,
    remedy: isDenied
      ? `Allow ${who} kms:GenerateDataKey and kms:Decrypt with that key, in IAM and in the policy of the key.`
      : 'Enable the key, or correct [s3] sse_kms_key_id.',
  };
}

/** What sends a client elsewhere, but for 301: that one is about the region. */
const REDIRECTS: readonly number[] = [302, 303, 307, 308];

/** A redirection, as of a new bucket that Amazon's name servers do not know everywhere yet. Source: Amazon S3 User Guide, "Request redirection". */
export function explainRedirect(
  refusal: Refusal,
  bucket: string,
  location: string | undefined,
): Explained | undefined {
  if (!REDIRECTS.includes(refusal.status)) return undefined;
  const host = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
  return {
    reason: `the server sends requests for the bucket ${bucket} elsewhere${host} ${quoteServer(refusal)}`,
    remedy:
      'Set [s3] AWS_DEFAULT_REGION to the region of the bucket; one that was just made may take up to a day. With another server than Amazon, correct endpoint_url.',
  };
}
