import { applying } from '../../core/api.js';
import { el, notice } from '../../core/dom.js';
import { working } from '../../core/form.js';
import { moment, words } from '../../core/i18n.js';

const text = words({
  status_title: ['审批状态', 'Status'],
  waiting: ['请等待审核', 'Waiting for review'],
  waiting_text: ['资料已于 {at} 提交。审核结果将以邮件和短信通知数据管理员（{email}）。', 'Submitted at {at}. The data manager ({email}) is told of the decision by e-mail and SMS.'],
  approved: ['审核通过', 'Approved'],
  approved_text: ['登录名、初始密码和系统登录地址已发送至数据管理员的邮箱和手机。初始密码 72 小时内有效，首次登录须修改。', 'Login name, initial password and address of the service were sent to the data manager by e-mail and SMS. The initial password is good for 72 hours and is changed at the first sign-in.'],
  rejected: ['审核不通过', 'Rejected'],
  rejected_reason: ['审核不通过的原因：', 'Reason: '],
  rejected_text: ['请点击“修改”，按原因修改资料后重新上传盖章文件并提交审核。', 'Choose “Edit”, mend the profile, upload the stamped documents anew and submit again.'],
  edit: ['修改', 'Edit'],
  change: ['变更资料', 'Change the profile'],
  again: ['资料修改完毕后，需重新上传盖章文件并提交审核，修改后的医疗机构信息将覆盖原有信息。', 'After a change the stamped documents are uploaded anew and submitted again; once approved, the change overwrites what was there.'],
  in_force: ['现行资料', 'In force'],
  in_force_text: ['{name}（{code}），数据管理员 {manager}，{at} 审核通过。变更审核通过之前继续有效。', '{name} ({code}), data manager {manager}, approved at {at}. It stays in force until a change is approved.'],
  sign_in: ['登录系统', 'Sign in'],
});

/** 审批状态. */
export function draw({ holder, application, step, go }) {
  const { stage, rejection, approved, profile } = application;
  const tone = { waiting: 'info', approved: 'good', rejected: 'bad' }[stage];
  const said = {
    waiting: () => el('p', {}, text('waiting_text', { at: moment(application.submitted_at, 'short'), email: profile.manager.email })),
    approved: () => el('p', {}, text('approved_text')),
    rejected: () => [el('p', {}, text('rejected_reason'), el('strong', {}, rejection?.reason ?? '')), el('p', {}, text('rejected_text'))],
  }[stage];
  const trouble = el('div');
  const edit = working(text(stage === 'approved' ? 'change' : 'edit'), async () => {
    try {
      await step('profile', await applying.post('/applications/edit'));
    } catch (error) {
      trouble.replaceChildren(notice('bad', error.message));
    }
  }, { class: 'plain' });
  holder.append(el('section', { class: 'card stack', id: 'stage', 'data-stage': stage },
    el('h2', {}, text('status_title')), notice(tone, el('strong', {}, text(stage))), said(),
    approved && stage !== 'approved' && el('p', {}, el('strong', {}, `${text('in_force')}：`), text('in_force_text', { name: approved.institution_name, code: approved.institution_code, manager: approved.manager_name, at: moment(approved.at, 'short') })),
    el('div', { class: 'row' }, stage === 'approved' && el('button', { type: 'button', onclick: () => go('/') }, text('sign_in')), edit),
    el('p', { class: 'hint' }, text('again')), trouble));
}
