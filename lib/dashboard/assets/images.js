import { clip, fill, h } from './dom.js';
import { pushForm } from './push.js';
import { badge, nothing, shortRepository } from './words.js';

/** Shows each repository once, with the image policies that take tags from it. */
export function showImages(state) {
  const repositories = Map.groupBy(state.images, (image) => image.repository);
  const pushed = (repository) => state.pushes && !(state.elsewhere ?? []).includes(repository);
  fill(
    document.getElementById('images'),
    repositories.size === 0
      ? nothing(
          state.repo.readOnly
            ? 'The config repo is only read: nothing is bumped.'
            : 'No image policy has been looked at yet.',
        )
      : [...repositories].map(([repository, images]) =>
          card(repository, images, pushed(repository), state.repo.problem !== undefined),
        ),
  );
  document.getElementById('images-section').classList.toggle('pushes', state.pushes);
}

function card(repository, images, pushes, blocked) {
  const name = shortRepository(repository);
  return h(
    'article',
    { class: 'image', 'data-key': repository },
    h(
      'div',
      { class: 'repository' },
      h('h3', null, clip(name, 150)),
      name === repository ? null : h('p', { class: 'quiet' }, clip(repository.slice(0, -name.length - 1), 150)),
    ),
    h(
      'ul',
      { class: 'policies' },
      images.map((image) => policy(image, blocked)),
    ),
    pushes ? pushForm(repository, name, images) : null,
  );
}

function policy(image, blocked) {
  const [kind, word] = blocked ? ['bad', 'not bumped'] : standing(image);
  return h(
    'li',
    { 'data-key': image.policy },
    h(
      'div',
      { class: 'policy' },
      h('strong', null, clip(image.policy, 100)),
      h('code', { class: 'quiet' }, clip(image.rule, 150)),
    ),
    h(
      'dl',
      null,
      h('div', null, h('dt', null, 'In Git'), h('dd', null, tags(image.current))),
      h(
        'div',
        null,
        h('dt', null, 'Newest'),
        h('dd', null, image.newest ? h('code', null, clip(image.newest, 128)) : 'none fits'),
      ),
    ),
    badge(kind, word),
    [...(blocked ? ['not bumped: windlass.yaml is broken, or Git cannot be read'] : []), ...notes(image)].map((note) =>
      h('p', { class: 'note' }, clip(note, 500)),
    ),
  );
}

function tags(current) {
  return current.length === 0
    ? 'nowhere'
    : current.map((tag, index) => [index > 0 ? ', ' : '', h('code', null, clip(tag, 128))]);
}

function standing(image) {
  if (image.holds.length > 0) return ['busy', 'held'];
  if (image.waiting) return ['busy', 'waiting'];
  if (image.newest === undefined) return ['busy', 'no tag fits'];
  if (image.current.length === 0) return ['plain', 'no marker'];
  return image.current.some((tag) => tag !== image.newest) ? ['busy', 'bump due'] : ['good', 'up to date'];
}

/** Why Git does not follow the newest tag. A hold tells it better than what the bump said of it, unless Git has another tag than the hold's. */
function notes(image) {
  const met = image.holds.some(({ tag }) => image.current.every((current) => current === tag));
  if (!met && image.waiting) return [image.waiting];
  if (image.holds.length === 0) return image.waiting ? [image.waiting] : [];
  return image.holds.map(({ tag, past, who, why, until }) => {
    const end = `until a tag after ${past} is there${until ? `, or ${until} has passed` : ''}`;
    return `${who} keeps ${tag} ${end}: ${why}`;
  });
}
