import { get } from '/assets/api.js';
import { announce, el, show } from '/assets/dom.js';
import { refusal, send } from '/assets/send.js';
import { language, text } from '/assets/texts.js';

const MOVING = new Set(['registered', 'checking']);

export function moment(value) {
  if (!value) return '';
  return new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : 'zh-CN', {
    dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Shanghai',
  }).format(new Date(value));
}

export function statusTag(upload) {
  const tone = { registered: 'plain', checking: 'busy', done: 'good', refused: 'error', expired: 'plain', failed: 'error' };
  return el('span', { class: `tag ${tone[upload.status] ?? 'plain'}` }, text(`status_${upload.status}`));
}

/** 上传对接数据: choose a file, and the list of what was sent (manual 3.6.2). */
export function uploadPage() {
  let timer;
  let gone = false;
  const body = el('tbody');
  const trouble = el('div');
  const sending = el('div');
  const more = el('div', { class: 'pager' });
  const dryRun = el('input', { type: 'checkbox', id: 'dry-run' });
  const file = el('input', { type: 'file', id: 'file', accept: '.zip,.csv,.xlsx', multiple: true, hidden: true, onchange: () => take(file.files) });
  const drop = el('div', {
    class: 'drop',
    ondragover: (event) => { event.preventDefault(); drop.classList.add('over'); },
    ondragleave: () => drop.classList.remove('over'),
    ondrop: (event) => { event.preventDefault(); drop.classList.remove('over'); take(event.dataTransfer.files); },
  }, el('button', { type: 'button', onclick: () => file.click() }, text('choose')), ' ', text('drop_here'), file);

  function take(files) {
    for (const chosen of [...files]) start(chosen);
    file.value = '';
  }

  function start(chosen) {
    const no = refusal(chosen);
    if (no) {
      sending.prepend(announce('bad', `${chosen.name}：${no}`));
      return;
    }
    const bar = el('progress', { max: 1, value: 0, 'aria-label': chosen.name });
    const stage = el('span', { role: 'status' });
    const stop = el('button', { type: 'button', class: 'plain' }, text('cancel'));
    const line = el('div', { class: 'card' }, el('div', { class: 'row end' }, el('strong', {}, chosen.name), stage, stop), bar);
    sending.prepend(line);
    const going = send(chosen, dryRun.checked, (name, share) => { stage.textContent = text(name); bar.value = share; });
    stop.onclick = () => going.cancel();
    going.done.then(() => {
      line.replaceWith(announce('good', `${chosen.name}：${text('sent')}`));
      refresh();
    }, (error) => {
      if (error.name === 'AbortError') return line.remove();
      const again = el('button', { type: 'button', class: 'plain', onclick: () => { failed.remove(); start(chosen); } }, text('retry'));
      const failed = announce('bad', `${chosen.name}：${error.message} `, again);
      line.replaceWith(failed);
    });
  }

  function row(upload) {
    const link = `#/uploads/${encodeURIComponent(upload.id)}`;
    const finished = !MOVING.has(upload.status);
    const words = upload.total !== undefined && upload.total === upload.passed && !upload.unreadable ? text('no_findings') : text('open_findings');
    return el('tr', {},
      el('td', { class: 'name' }, el('a', { href: link }, upload.file_name), upload.dry_run ? [' ', el('span', { class: 'tag plain' }, text('dry_run'))] : null),
      el('td', { class: 'nowrap' }, moment(upload.registered_at)),
      el('td', {}, statusTag(upload)),
      el('td', { class: 'number' }, upload.total ?? ''),
      el('td', { class: 'number' }, upload.passed ?? ''),
      el('td', {}, finished && upload.status !== 'expired' ? (words === text('no_findings') ? words : el('a', { href: link }, words)) : ''));
  }

  const shown = [];
  async function refresh() {
    clearTimeout(timer);
    try {
      const page = await get('/uploads?limit=20');
      if (gone) return;
      shown.splice(0, shown.length, ...page.uploads);
      draw(page.next);
      trouble.replaceChildren();
    } catch (error) {
      if (!gone) trouble.replaceChildren(announce('bad', error.message));
    }
    if (!gone && shown.some((upload) => MOVING.has(upload.status))) timer = setTimeout(refresh, 1500);
  }

  function draw(next) {
    body.replaceChildren(...(shown.length ? shown.map(row) : [el('tr', {}, el('td', { colspan: 6, class: 'empty' }, text('no_uploads')))]));
    more.replaceChildren(...(next ? [el('button', { type: 'button', class: 'plain', async onclick() {
      const page = await get(`/uploads?limit=20&cursor=${encodeURIComponent(next)}`);
      shown.push(...page.uploads);
      draw(page.next);
    } }, text('more'))] : []));
  }

  show(
    el('div', { class: 'crumbs' }, `${text('menu_data')} » ${text('upload_data')}`),
    el('section', { class: 'card' },
      el('h1', {}, text('upload_data')),
      el('p', { class: 'hint' }, text('upload_hint')), el('p', { class: 'hint' }, text('mend_hint')),
      drop, el('div', { class: 'row' }, dryRun, el('label', { for: 'dry-run' }, text('check_only'))), sending),
    el('div', { class: 'row end' }, el('h2', {}, text('records_of_upload')), el('button', { type: 'button', class: 'plain', onclick: refresh }, `↻ ${text('refresh')}`)),
    trouble,
    el('div', { class: 'table' }, el('table', {}, el('thead', {}, el('tr', {},
      ['file_name', 'uploaded_at', 'status', 'total', 'passed', 'findings'].map((key) => el('th', { scope: 'col', class: key === 'total' || key === 'passed' ? 'number' : null }, text(key))))), body)),
    more);
  body.replaceChildren(el('tr', {}, el('td', { colspan: 6, class: 'empty' }, text('loading'))));
  refresh();
  return () => { gone = true; clearTimeout(timer); };
}
