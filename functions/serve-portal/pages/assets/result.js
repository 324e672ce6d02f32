import { download, get } from '/assets/api.js';
import { announce, el, show } from '/assets/dom.js';
import { findingsTable } from '/assets/findings.js';
import { language, text } from '/assets/texts.js';
import { statusTag } from '/assets/uploads.js';

const inLanguage = (thing, key) => thing[`${key}_${language() === 'en' ? 'en' : 'zh'}`] ?? '';

/** The result of one upload: the sentence first, then the causes, then every finding. */
export function resultPage(id) {
  let timer;
  let gone = false;
  const at = `/uploads/${encodeURIComponent(id)}`;
  show(announce('warn', text('loading')));

  async function draw() {
    try {
      const upload = await get(at);
      if (gone) return;
      const moving = upload.status === 'registered' || upload.status === 'checking' || (upload.status === 'done' && !upload.dry_run && !upload.dispositions);
      show(...page(upload));
      if (moving) timer = setTimeout(draw, 1000);
    } catch (error) {
      if (!gone) show(announce('bad', error.message), back());
    }
  }

  function page(upload) {
    const parts = [
      el('div', { class: 'crumbs' }, `${text('menu_data')} » `, el('a', { href: '#/uploads' }, text('upload_data')), ` » ${text('details')}`),
      el('div', { class: 'row' }, el('h1', {}, upload.file_name), statusTag(upload)),
    ];
    if (upload.status === 'checking') {
      const { records = 0, bytes = 0, bytes_total: all = 0 } = upload.progress ?? {};
      parts.push(el('p', { role: 'status' }, text('rows_checked', { n: records })), el('progress', { max: all || 1, value: bytes }));
    }
    if (upload.total === undefined || upload.total === null) return [...parts, back()];
    parts.push(sentence(upload), figures(upload));
    if (upload.causes.length) parts.push(...causes(upload));
    const notes = upload.files.flatMap((file) => file.notes.map((note) => `${file.name}：${language() === 'en' ? note.en : note.zh}`));
    if (notes.length) parts.push(el('h2', {}, text('read_as')), el('ul', {}, notes.map((note) => el('li', {}, note))));
    if (upload.errors + upload.warnings > 0) parts.push(...downloads(), el('h2', {}, text('list_title')), findingsTable(at, upload));
    return [...parts, back()];
  }

  function sentence(upload) {
    const values = { total: upload.total, passed: upload.passed, failed: upload.total - upload.passed };
    if (upload.unreadable && upload.total === 0) return announce('bad', text('unreadable'));
    if (values.failed === 0) return announce('good', text('all_passed', values));
    return announce(upload.passed ? 'warn' : 'bad', text(upload.passed ? 'some_passed' : 'none_passed', values));
  }

  function figures(upload) {
    const counted = upload.dispositions;
    const entries = [['total', upload.total], ['passed', upload.passed]];
    if (counted) for (const key of ['new', 'updated', 'unchanged', 'failed']) entries.push([key, counted[key] ?? 0]);
    return el('ul', { class: 'figures' }, entries.map(([key, value]) => el('li', {}, el('b', {}, value.toLocaleString()), el('span', {}, text(key)))));
  }

  function causes(upload) {
    const total = upload.errors + upload.warnings;
    return [
      el('h2', {}, text('causes_title', { findings: total, causes: upload.causes.length })),
      el('ol', { class: 'causes' }, upload.causes.map((cause) => el('li', { class: cause.severity },
        el('p', {}, el('span', { class: `tag ${cause.severity}` }, text(cause.severity)), ' ', el('strong', {}, inLanguage(cause, 'message')), ' ', el('span', { class: 'hint' }, text('occurrences', { n: cause.findings }))),
        cause.values.length ? el('p', {}, `${text('value')}：`, cause.values.map((value) => [el('code', {}, value || text('blank')), ' '])) : null,
        el('p', {}, text('how_to_mend'), inLanguage(cause, 'mend')),
        cause.rows.length ? el('p', { class: 'hint' }, text('first_rows', { rows: cause.rows.join('、') })) : null))),
    ];
  }

  function downloads() {
    const trouble = el('div');
    const button = (key, path) => el('button', { type: 'button', class: 'plain', async onclick() {
      this.disabled = true;
      try { await download(path); trouble.replaceChildren(); } catch (error) { trouble.replaceChildren(announce('bad', error.message)); }
      this.disabled = false;
    } }, text(key));
    const lang = `lang=${language()}`;
    return [el('div', { class: 'row' }, button('download_xlsx', `${at}/report.xlsx?${lang}`), button('download_csv', `${at}/report.csv?${lang}`), button('download_list', `${at}/findings.csv?${lang}`)),
      el('p', { class: 'hint' }, text('mend_hint')), trouble];
  }

  const back = () => el('p', {}, el('a', { href: '#/uploads' }, `← ${text('back')}`));
  draw();
  return () => { gone = true; clearTimeout(timer); };
}
