import { clip, h } from './dom.js';

/** What came of the last push to each repository. */
const results = new Map();

/** The form that stands for an image push. */
export function pushForm(repository, name, images) {
  const result = results.get(repository);
  return h(
    'form',
    { class: 'push', 'data-repository': repository, 'data-key': 'push' },
    h(
      'label',
      null,
      h('span', null, 'Tag of ', clip(name, 60)),
      h('input', {
        name: 'tag',
        maxlength: 128,
        autocomplete: 'off',
        autocapitalize: 'off',
        spellcheck: 'false',
        required: true,
        value: nextTag(images),
      }),
    ),
    h(
      'button',
      { 'aria-disabled': result?.kind === 'busy' ? 'true' : 'false', 'aria-label': `Push ${clip(name, 60)}` },
      'Push',
    ),
    h('p', { role: 'status', class: result ? `${result.kind}-text` : '' }, result ? clip(result.text, 400) : ''),
  );
}

/** The tag that a person would push next: the last number one higher, and not one that is meant to crash. */
function nextTag(images) {
  const last = (images[0].newest ?? images[0].current[0] ?? '1.0.0').replace(/-broken$/, '');
  return last.replace(/(\d+)(?!.*\d)/, (number) => String(BigInt(number) + 1n).padStart(number.length, '0'));
}

/** Answers every push form of the page; `changed` shows what came of it. */
export function listenForPushes(changed) {
  document.addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    const repository = form.dataset.repository;
    if (repository === undefined || results.get(repository)?.kind === 'busy') return;
    const tag = form.elements.tag.value.trim();
    const tell = (kind, text) => {
      results.set(repository, { kind, text });
      changed();
    };
    tell('busy', `Pushing ${tag} …`);
    try {
      const done = await push(repository, tag);
      // Now the field goes with the newest tag again.
      form.reset();
      tell('good', done);
    } catch (error) {
      tell('bad', error.message);
    }
  });
}

async function push(repository, tag) {
  const answer = await fetch('/api/push', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ repository, tag }),
  }).catch(() => {
    throw new Error('Not pushed: the loop does not answer.');
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`Not pushed: ${body.error ?? `the loop answered ${answer.status}`}`);
  return `Pushed ${tag}: it is on its way.`;
}
