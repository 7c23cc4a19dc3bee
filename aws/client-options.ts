/**
 * How every client calls AWS: a call that hangs is given up soon enough to be tried again inside the deadline. Times in
 * milliseconds.
 */
export const CLIENT_OPTIONS = {
  maxAttempts: 3,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    throwOnRequestTimeout: true,
    socketTimeout: 5_000,
  },
};
