import { ago, clip, fill, h } from './dom.js';
import { badge, count, nothing, short } from './words.js';

/** Shows the last commits, what each moved, and which syncs are at it. */
export function showCommits(state) {
  fill(
    document.getElementById('commits'),
    state.commits.length === 0
      ? h('li', null, nothing('No commit could be read yet.'))
      : state.commits.map((commit) => row(commit, state.syncs)),
  );
}

function row(commit, syncs) {
  const here = syncs.filter((sync) => sync.revision === commit.revision);
  return h(
    'li',
    { 'data-key': commit.revision },
    h('h3', null, clip(commit.subject, 200)),
    h(
      'p',
      { class: 'quiet' },
      h('code', { class: 'sha' }, short(commit.revision)),
      ' ',
      clip(commit.author, 80),
      ', ',
      ago(commit.at),
      ', ',
      count(commit.files.length, 'file'),
    ),
    here.length > 0
      ? h(
          'p',
          null,
          here.map((sync) => [badge('plain', clip(sync.sync, 60)), ' ']),
        )
      : null,
    moves(commit.trailers).map((move) =>
      h(
        'p',
        { class: 'move' },
        h('strong', null, clip(move.policy, 80)),
        ' ',
        h('code', null, clip(move.from ?? 'nothing', 128)),
        ' → ',
        h('code', null, clip(move.to ?? '', 128)),
      ),
    ),
    commit.trailers.length > 0 ? trailers(commit.trailers) : null,
  );
}

/** The trailers of a bump, one move for each `Windlass-Policy`. */
function moves(all) {
  const found = [];
  for (const [key, text] of all) {
    if (key === 'Windlass-Policy') found.push({ policy: text });
    else if (key === 'Windlass-From' && found.length > 0) found.at(-1).from = text;
    else if (key === 'Windlass-To' && found.length > 0) found.at(-1).to = text;
  }
  return found;
}

function trailers(all) {
  return h(
    'details',
    { 'data-key': 'trailers' },
    h('summary', null, count(all.length, 'trailer')),
    h(
      'ul',
      { class: 'trailers' },
      all.map(([key, text]) => h('li', null, h('code', null, `${clip(key, 80)}: ${clip(text, 200)}`))),
    ),
  );
}
