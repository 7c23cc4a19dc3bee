import type { Requester } from './schema.ts';

const KUBECTL = /^(?:kubectl|kubecolor|k9s|lens|openlens|freelens|oc)(?![a-z])/i;
const HTTP_TOOL =
  /^(?:curl|wget|httpie|xh|python|python-requests|python-urllib3?|python-httpx|aiohttp|postmanruntime|insomnia|mozilla|perl|libwww-perl|lwp|ruby|php|guzzlehttp|powershell|burp|nuclei|peirates|kdigger|kubeletctl|kube-hunter|kubesploit)(?![\w-])|\b(?:WindowsPowerShell|PowerShell)\/|\bkali\b/i;
const HTTP_LIBRARY =
  /^(?:go-http-client|okhttp|java|java-http-client|apache-httpclient|node|node-fetch|undici|axios|got|needle|reqwest|hyper|faraday|rest-client|resty|go-resty)(?![\w-])/i;

/**
 * What kind of program the client says it is: `kubectl` and its like, an `http-tool` for hand-made requests, an
 * `http-library` that was given no name of its own, or `undefined` for any other. The client chooses this text: it may
 * raise a suspicion and never lower one. A record without a source address is not whole, so its missing user agent says
 * nothing.
 */
export function clientKindOf({
  userAgent,
  sourceIPs,
}: Pick<Requester, 'userAgent' | 'sourceIPs'>): 'kubectl' | 'http-tool' | 'http-library' | undefined {
  const agent = userAgent.trim();
  if (HTTP_TOOL.test(agent)) return 'http-tool';
  if (KUBECTL.test(agent)) return 'kubectl';
  if (HTTP_LIBRARY.test(agent) || (agent === '' && sourceIPs.length > 0)) return 'http-library';
  return undefined;
}

/** Whether the client says that it is a program people type commands into. */
export function isHandTool(client: Parameters<typeof clientKindOf>[0]): boolean {
  const kind = clientKindOf(client);
  return kind === 'kubectl' || kind === 'http-tool';
}
