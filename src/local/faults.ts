/** Faults on request: which of them a request meets, and the errors that they answer with. */
import { Refusal } from './answer.js';
import type { Answer } from './answer.js';
import { renderRefusal } from './answer.js';
import type { Fault, FaultEffect, FaultHandle, FaultMatch, RecordedRequest, Service } from './types.js';
import { hostName } from './recognize.js';

interface ActiveFault {
  readonly fault: Fault;
  hits: number;
}

/** The faults in force, in the order in which they were asked for. */
export class Faults {
  readonly #active = new Set<ActiveFault>();

  add(fault: Fault): FaultHandle {
    const active: ActiveFault = { fault, hits: 0 };
    this.#active.add(active);
    return {
      get hits() {
        return active.hits;
      },
      remove: () => {
        this.#active.delete(active);
      },
    };
  }

  clear(): void {
    this.#active.clear();
  }

  /** The effect of the first fault that fits, which counts as met. */
  meet(request: RecordedRequest): FaultEffect | undefined {
    for (const active of this.#active) {
      if (!fits(active.fault, request)) continue;
      active.hits += 1;
      if (active.hits === active.fault.times) this.#active.delete(active);
      return active.fault.effect;
    }
    return undefined;
  }
}

function fits(match: FaultMatch, request: RecordedRequest): boolean {
  return (
    (match.face === undefined || match.face === request.face) &&
    (match.service === undefined || match.service === request.service) &&
    (match.action === undefined || match.action === request.action) &&
    (match.region === undefined || match.region === request.region) &&
    (match.host === undefined || match.host === hostName(request.host)) &&
    (match.object === undefined || request.objects.includes(match.object)) &&
    (match.role === undefined || match.role === request.role)
  );
}

/** The answer of a fault that has one of its own. */
export function faultAnswer(
  effect: Extract<FaultEffect, { readonly kind: 'error' | 'throttle' | 'garbage' }>,
  service: Service | undefined,
): Answer {
  switch (effect.kind) {
    case 'error': {
      const { status, code, message = `${code}, asked for by a test` } = effect;
      const text = service === 'agent' ? `(${code}): ${message}` : message;
      return renderRefusal(service, new Refusal(status, code, text));
    }
    case 'throttle':
      return throttled(service, effect.status);
    case 'garbage':
      return {
        status: effect.status ?? 200,
        headers: { 'content-type': 'text/html' },
        body: effect.body ?? '<html><body>bad gateway</body>',
      };
  }
}

/** How each service says that it has too much to do. */
export function throttled(service: Service | undefined, status?: 400 | 429): Answer {
  switch (service) {
    case 'sts':
      return renderRefusal(service, new Refusal(status ?? 400, 'Throttling', 'Rate exceeded'));
    case 'agent':
      return renderRefusal(service, new Refusal(429, 'TooManyRequests', 'Too Many Requests'));
    case 'kubernetes':
      return renderRefusal(
        service,
        new Refusal(
          429,
          'TooManyRequests',
          'the server has received too many requests and has asked us to try again later',
        ),
      );
    case 'secretsmanager':
    case 'ssm':
    case undefined:
      return renderRefusal(service, new Refusal(status ?? 400, 'ThrottlingException', 'Rate exceeded'));
  }
}
