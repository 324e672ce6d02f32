import { api } from '../core/api.js';
import { el } from '../core/dom.js';
import { Form } from '../core/form.js';
import { head } from '../core/frame.js';
import { words } from '../core/i18n.js';
import { fromField } from '../core/moments.js';

const text = words({
  intro: ['请输入患者的基本信息以建立相应的病例记录：', 'The patient’s basic data, to begin the record of the case:'],
  week: ['流感相关死亡病例归档完成后一周内，应建立死亡病例记录，上传全部病历附件扫描件。', 'Within one week after archiving, the case is recorded and scans of the whole record are uploaded.'],
  medical_record_number: ['病案号', 'Medical record number'],
  name: ['姓名', 'Name'],
  admitted_on: ['入院日期', 'Admitted'],
  discharged_on: ['出院日期', 'Discharged'],
  died_at: ['死亡时间', 'Died'],
  archived_on: ['归档日期', 'Archived'],
  archived_hint: ['可稍后填写；未填写时上传期限从出院日期算起', 'May be told later; until then the week runs from the discharge'],
  before: ['不能早于入院日期', 'Not before the admission'],
  save: ['保存并进入数据输入页面', 'Save and go on to the data sheet'],
  open_existing: ['打开已有记录', 'Open that record'],
});

/** 新增死亡记录 (manual 3.7, step 1). */
export async function open({ route, show, go }) {
  const form = new Form({
    label: text('save'),
    async submit(values) {
      try {
        const made = await api.post('/death-cases', values);
        await go(`/death-cases/${encodeURIComponent(made.id)}`);
      } catch (error) {
        form.fail(error);
        if (error.facts?.id) form.tell('warn', error.fields[0]?.message ?? error.message, ' ', el('a', { href: `/death-cases/${encodeURIComponent(error.facts.id)}` }, text('open_existing')));
      }
    },
  });
  const moment = (name, more = {}) => form.field({ name, label: text(name), required: true, type: 'datetime-local', step: 1, max: '2099-12-31T23:59:59', read: () => fromField(form.input(name).value), ...more });
  const notBefore = (value) => (form.input('admitted_on').value && value < fromField(form.input('admitted_on').value) ? text('before') : null);
  form.build(el('div', { class: 'fields' },
    form.field({ name: 'medical_record_number', label: text('medical_record_number'), required: true, maxlength: 20 }),
    form.field({ name: 'name', label: text('name'), required: true, maxlength: 40 }),
    moment('admitted_on'),
    moment('discharged_on', { check: notBefore }),
    moment('died_at', { check: notBefore }),
    form.field({ name: 'archived_on', label: text('archived_on'), type: 'date', hint: text('archived_hint'), max: '2099-12-31', read: () => form.input('archived_on').value || null })));
  show(head(route), el('section', { class: 'card stack' }, el('p', {}, text('intro')), el('p', { class: 'hint' }, text('week')), form.node));
  form.input('medical_record_number').focus();
}
