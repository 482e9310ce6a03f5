import { showCommits } from './commits.js';
import { clip, fill, tick } from './dom.js';
import { showImages } from './images.js';
import { showIncidents } from './incidents.js';
import { showMetrics } from './metrics.js';
import { listenForPushes } from './push.js';
import { showSyncs } from './syncs.js';
import { showTimeline } from './timeline.js';
import { showVerdict } from './verdict.js';
import { isOpen, short } from './words.js';

const at = (id) => document.getElementById(id);

/** Milliseconds between tries, where the browser does not try again by itself. */
const again = 2_000;

let latest;

function show() {
  if (latest === undefined) return;
  const { repo, cluster } = latest;
  const place = cluster.existing === undefined ? '' : ` on ${clip(cluster.existing.context, 80)}`;
  fill(at('where'), `${clip(repo.branch, 80)} at ${short(repo.head) || 'no commit'}${place}`);
  at('problem').hidden = repo.problem === undefined;
  fill(at('problem'), clip(repo.problem ?? '', 4_000));
  showVerdict(latest);
  showIncidents(latest.incidents);
  showSyncs(latest);
  showMetrics(latest.metrics);
  showImages(latest);
  showCommits(latest);
  showTimeline(latest.timeline, { text: at('filter-text').value, kind: at('filter-kind').value }, show);
  const context = cluster.existing === undefined ? '' : ` --context ${clip(cluster.existing.context, 100)}`;
  fill(at('kubectl'), `kubectl --kubeconfig ${clip(cluster.kubeconfig, 300)}${context} get all -A`);
  fill(at('repository'), clip(repo.url, 300) + (repo.readOnly ? ' (only read: nothing is bumped)' : ''));
  at('simulated').hidden = cluster.existing !== undefined;
  at('existing').hidden = cluster.existing === undefined;
  if (cluster.existing !== undefined)
    fill(
      at('existing'),
      `Cluster: ${clip(cluster.existing.name, 80)} of windlass.yaml, at ${clip(cluster.server, 200)}.`,
    );
  const open = latest.incidents.filter(isOpen).length;
  document.title = open > 0 ? `(${open}) Windlass` : 'Windlass';
  document.body.setAttribute('aria-busy', 'false');
}

function connection(lost) {
  at('live').className = lost ? 'bad' : 'good';
  fill(at('live'), lost ? 'not connected' : 'live');
  at('lost').hidden = !lost;
  document.body.classList.toggle('stale', lost);
}

function connect() {
  const source = new EventSource('/api/events');
  source.addEventListener('state', (event) => {
    latest = JSON.parse(event.data);
    connection(false);
    show();
  });
  source.addEventListener('error', () => {
    connection(true);
    // The browser gives up when the answer is not a stream: another program may have the port for a while.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, again);
  });
}

listenForPushes(show);
at('filter-text').addEventListener('input', show);
at('filter-kind').addEventListener('change', show);
setInterval(tick, 1_000);
connect();
