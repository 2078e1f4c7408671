/** The one way out to AWS: long-lived connections, the roots to trust and the proxies to go through. */
import type { HttpHandler } from '@smithy/core/protocols';

/** What every SDK client of this process sends its requests through. */
export type AwsRequestHandler = HttpHandler;
