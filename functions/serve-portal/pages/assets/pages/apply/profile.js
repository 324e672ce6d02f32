import { applying } from '../../core/api.js';
import { el } from '../../core/dom.js';
import { Form, choice, working } from '../../core/form.js';
import { words } from '../../core/i18n.js';
import { divisionChoice } from './division.js';
import { GRADES, fieldNames } from './fields.js';

const text = words({
  title: ['填写资料', 'Profile'],
  licence: ['医疗机构名称、诊疗科目以医疗机构执业许可证登记的内容为准，如不一致请与省卫生计生厅联系。', 'Name and departments as registered on the practising licence; where they differ, ask the provincial health commission.'],
  code_note: ['医疗机构代码指卫生行业标准“卫生机构（组织）分类与代码”，代码由22位数字(或英文字母)组成，包括9位组织机构代码和13位机构属性代码。', 'The institution code of the health-sector standard has 22 digits or letters: 9 of the organisation and 13 of its attributes.'],
  all: ['请正确填写以下所有项目，以下联系方式将用于接收系统发送的重要信息。标记为 * 的内容为必填项。', 'Please fill in everything correctly: important messages of the service go to these addresses. Items marked * are required.'],
  video: ['申请账号操作指导视频', 'Video: applying for an account'],
  institution: ['医疗机构信息', 'Institution'],
  manager: ['数据管理员信息', 'Data manager'],
  year: ['年', 'Year'], month: ['月', 'Month'],
  nth_month: ['{n} 月', '{n}'],
  departments_hint: ['每行一个，或用顿号（、）分隔', 'One a line, or separated by 、'],
  email_hint: ['用于接收系统发送的账号通知邮件', 'The account is sent to it'],
  phone_hint: ['可用于登录系统', 'Can be used to sign in'],
  code_hint: ['22位数字或英文字母', '22 digits or letters'],
  next_step: ['下一步', 'Next'],
  save_only: ['保存', 'Save'],
  saved: ['已保存，可以稍后用同一手机号码继续填写。', 'Saved; you can go on later with the same phone.'],
  bad_code: ['医疗机构代码由22位数字或英文字母组成：9位组织机构代码和13位机构属性代码', 'The institution code has 22 digits or letters'],
});

/** 填写资料. */
export async function draw({ holder, application, signal, step }) {
  let version = application.version;
  const { profile } = application;
  const form = new Form({
    label: text('next_step'),
    async submit() {
      const saved = await applying.put('/applications/profile', { version, profile: read(), next: true });
      await step('documents', saved);
    },
    also: [working(text('save_only'), async () => {
      try {
        const saved = await applying.put('/applications/profile', { version, profile: read(), next: false });
        version = saved.version;
        delete form.node.dataset.unsaved;
        form.errors([]);
        form.tell('good', text('saved'));
        scrollTo({ top: 0 });
      } catch (error) {
        form.fail(error);
      }
    }, { class: 'plain' })],
  });

  const put = (name, value, more = {}) => form.field({ name, label: fieldNames(name), required: true, value, maxlength: 200, ...more });
  const year = el('input', { inputmode: 'numeric', maxlength: 4, value: profile.opening_year, 'aria-label': `${fieldNames('opening_date')} ${text('year')}`, placeholder: text('year') });
  const month = choice(Array.from({ length: 12 }, (_, n) => [String(n + 1), text('nth_month', { n: String(n + 1) })]), { value: profile.opening_month.replace(/^0/, ''), blank: text('month'), 'aria-label': `${fieldNames('opening_date')} ${text('month')}` });
  const division = divisionChoice(profile.division, signal);
  const departments = el('textarea', { rows: 3 }, profile.departments.join('\n'));
  const { manager } = profile;

  form.build(
    el('fieldset', { class: 'card' }, el('legend', {}, text('institution')), el('div', { class: 'fields' },
      put('institution_name', profile.institution_name),
      put('institution_code', profile.institution_code, { hint: text('code_hint'), maxlength: 22, check: (value) => (/^[0-9A-Za-z]{22}$/.test(value) ? null : text('bad_code')) }),
      form.field({ name: 'opening_date', label: fieldNames('opening_date'), required: true, control: el('div', { class: 'join' }, year, month), read: () => (year.value.trim() && month.value ? `${year.value.trim()}-${month.value}` : '') }),
      form.field({ name: 'grade', label: fieldNames('grade'), required: true, control: choice(GRADES.map((grade) => [grade, grade]), { value: profile.grade }) }),
      form.field({ name: 'division', label: fieldNames('division'), required: true, wide: true, control: division.node, read: division.value }),
      put('street', profile.street, { wide: true }),
      put('legal_representative', profile.legal_representative),
      form.field({ name: 'departments', label: fieldNames('departments'), required: true, wide: true, hint: text('departments_hint'), control: departments, read: () => departments.value.split(/[\n、，,;；]+/).map((one) => one.trim()).filter(Boolean) }))),
    el('fieldset', { class: 'card' }, el('legend', {}, text('manager')), el('div', { class: 'fields' },
      put('manager.name', manager.name),
      put('manager.id_number', manager.id_number, { maxlength: 18 }),
      put('manager.phone', manager.phone || application.phone, { type: 'tel', maxlength: 11, hint: text('phone_hint') }),
      put('manager.email', manager.email, { type: 'email', hint: text('email_hint') }),
      put('manager.office_phone', manager.office_phone, { type: 'tel', placeholder: '010-12345678' }),
      put('manager.department', manager.department))));
  form.node.classList.add('stack');
  for (const kind of ['input', 'change']) form.node.addEventListener(kind, () => { form.node.dataset.unsaved = 'yes'; });

  function read() {
    const values = form.values();
    const of = Object.fromEntries(['name', 'id_number', 'phone', 'email', 'office_phone', 'department'].map((key) => [key, values[`manager.${key}`]]));
    const { institution_name, institution_code, street, legal_representative, grade, departments: list } = values;
    return { institution_name, institution_code, opening_year: year.value.trim(), opening_month: month.value, division: values.division, street, legal_representative, grade, departments: list, manager: of };
  }

  holder.append(
    el('section', { class: 'card row spread' }, el('div', {}, el('h2', {}, text('title')), el('ul', { class: 'plainlist hint' }, ['licence', 'code_note', 'all'].map((key) => el('li', {}, text(key))))),
      el('a', { href: '/videos', target: '_blank', class: 'button plain small' }, `▶ ${text('video')}`)),
    form.node);
  // Coming back to a form with mistakes shows them at once; an untouched form is not scolded.
  if (profile.institution_name && application.defects?.length) form.errors(application.defects.map((one) => ({ field: one.field, message: one[`detail_${document.documentElement.lang === 'en' ? 'en' : 'zh'}`] })));
}
