/** The mount tests of the whole program, once more: this time the provider is the image's, in a container. */
import './setup.js';
import '../integration/compatibility.test.js';
import '../integration/failover.test.js';
import '../integration/held.test.js';
import '../integration/isolation.test.js';
import '../integration/mounts.test.js';
import '../integration/request-rows.test.js';
