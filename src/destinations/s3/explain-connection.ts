/** Why a connection led to no answer that HTTP or TLS could read, and what the operator can do. */
interface Explained {
  readonly reason: string;
  readonly remedy: string;
}

/** What OpenSSL says, behind its numbers and before the place in its source. */
const OPENSSL_WORDS = /SSL routines:[^:]*:([^:\n]+)/;

/** Source of these and the codes below: Node.js, TLS, "X509 certificate error codes". */
const OUT_OF_TIME: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
const OTHER_NAMES: readonly string[] = ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'];
const UNTRUSTED = /CERT|LEAF_SIGNATURE|^INVALID_(?:CA|PURPOSE)$/;

/** Explains the error of a socket, which has this code and message; undefined for one that is not of TLS or HTTP. `who` answers there. */
export function explainConnection(code: string, message: string, who: string): Explained | undefined {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const words = OPENSSL_WORDS.exec(message)?.[1] ?? message;
    return {
      reason: `${who} does not speak TLS as it should (${words})`,
      remedy:
        'Check whether its URL should begin with http:// instead of https://, its port, and that it offers TLS 1.2 or later.',
    };
  }
  // The codes of Node's parser of HTTP.
  if (code.startsWith('HPE_')) {
    return {
      reason: `${who} does not answer in HTTP (${message})`,
      remedy: 'Check whether its URL should begin with https:// instead of http://, and its port.',
    };
  }
  if (OUT_OF_TIME.includes(code)) {
    return {
      reason: `the certificate of ${who} is not valid at this time (${message})`,
      remedy: 'Renew it, or set the clock of this machine.',
    };
  }
  if (OTHER_NAMES.includes(code)) {
    return {
      reason: `the certificate of ${who} is made out to other names (${message})`,
      remedy: 'Correct the host in [s3] endpoint_url; a bucket with dots in its name needs path_style=yes.',
    };
  }
  if (!UNTRUSTED.test(code)) return undefined;
  return {
    reason: `the certificate of ${who} is not trusted (${message})`,
    remedy:
      'Set the environment variable AWS_CA_BUNDLE to the file that holds the certificate of the authority that issued it; for cron in a line of its crontab.',
  };
}
