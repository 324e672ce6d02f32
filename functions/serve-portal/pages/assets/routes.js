// Every page: its address, who may see it, where it stands in the menu, and the module that draws it.
// `for`: roles; `anyone` needs no session. `menuFor`: whose menu names it, where that is not all of them. The menu's words are the manual's.
const PERSON = ['data_manager', 'reviewer', 'analyst', 'operator', 'auditor'];
const HOSPITAL = ['data_manager'];

export const groups = {
  downloads: ['资料下载', 'Downloads'],
  data: ['数据对接管理', 'Data'],
  icd: ['上传ICD编码', 'ICD codes'],
  death: ['上传死亡记录附件', 'Death records'],
  oversight: ['上报管理', 'Reports'],
  review: ['账号审核', 'Review'],
  running: ['运行监控', 'Operation'],
  own: ['我的账号', 'My account'],
};

export const routes = [
  { path: '/', name: ['登录', 'Sign in'], for: 'anyone', load: () => import('./pages/sign-in.js') },
  { path: '/apply', name: ['申请账号', 'Apply for an account'], for: 'anyone', load: () => import('./pages/apply.js') },
  { path: '/forgotten', name: ['忘记密码', 'Forgotten password'], for: 'anyone', load: () => import('./pages/forgotten.js') },
  { path: '/material', group: 'downloads', menu: true, name: ['下载相关资料', 'Material'], for: HOSPITAL, load: () => import('./pages/material.js') },
  { path: '/videos', group: 'downloads', menu: true, name: ['视频教程', 'Tutorial videos'], for: 'anyone', menuFor: HOSPITAL, load: () => import('./pages/videos.js') },
  { path: '/uploads', group: 'data', menu: true, name: ['上传对接数据', 'Upload data'], for: HOSPITAL, load: () => import('./pages/uploads.js') },
  { path: '/uploads/:id', group: 'data', under: '/uploads', name: ['上传结果', 'Result'], for: HOSPITAL, load: () => import('./pages/upload-result.js') },
  { path: '/case-history', group: 'data', menu: true, name: ['病例追踪', 'Follow a case'], for: HOSPITAL, load: () => import('./pages/case-history.js') },
  { path: '/withdrawals', group: 'data', menu: true, name: ['撤回记录', 'Withdrawals'], for: ['data_manager', 'reviewer', 'operator'], load: () => import('./pages/withdrawals.js') },
  { path: '/icd', group: 'icd', menu: true, name: ['ICD编码上传', 'Upload ICD codes'], for: HOSPITAL, load: () => import('./pages/icd.js') },
  { path: '/death-cases/new', group: 'death', menu: true, name: ['新增死亡记录', 'New death record'], for: HOSPITAL, load: () => import('./pages/death-case-new.js') },
  { path: '/death-cases', group: 'death', menu: true, name: ['死亡记录列表', 'Death records'], for: HOSPITAL, load: () => import('./pages/death-cases.js') },
  { path: '/death-cases/:id', group: 'death', under: '/death-cases', name: ['病例信息', 'Case'], for: HOSPITAL, load: () => import('./pages/death-case.js') },
  { path: '/overview', group: 'oversight', menu: true, name: ['上报概览', 'Overview'], for: ['reviewer', 'analyst'], load: () => import('./pages/overview.js') },
  { path: '/overview/hospitals/:id', group: 'oversight', under: '/overview', name: ['医院上报情况', 'Hospital'], for: ['reviewer', 'analyst'], load: () => import('./pages/overview-hospital.js') },
  { path: '/overview/hospitals/:id/uploads/:upload', group: 'oversight', under: '/overview', name: ['上传摘要', 'Upload'], for: ['reviewer', 'analyst'], load: () => import('./pages/overview-upload.js') },
  { path: '/review', group: 'review', menu: true, name: ['审核列表', 'Queue'], for: ['reviewer'], load: () => import('./pages/review.js') },
  { path: '/review/:id', group: 'review', under: '/review', name: ['审核', 'Decision'], for: ['reviewer'], load: () => import('./pages/review-application.js') },
  { path: '/fleet', group: 'running', menu: true, name: ['前置机', 'Front-end machines'], for: ['operator'], load: () => import('./pages/fleet.js') },
  { path: '/outbox', group: 'running', menu: true, name: ['发件箱', 'Outbox'], for: ['operator'], load: () => import('./pages/outbox.js') },
  { path: '/account', group: 'own', menu: true, name: ['账号设置', 'Account settings'], for: PERSON, load: () => import('./pages/account.js') },
];

/** The first page of each role. */
export const home = { data_manager: '/uploads', reviewer: '/review', operator: '/fleet', analyst: '/overview', auditor: '/account' };

const patterns = routes.map((route) => ({ route, pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`) }));

/** The route of an address, and what its pattern took out of it. */
export function find(path) {
  const tidy = path.length > 1 ? path.replace(/\/+$/, '') : path;
  for (const { route, pattern } of patterns) {
    const found = pattern.exec(tidy);
    if (found) {
      const values = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
      return { route, params: Object.fromEntries(values) };
    }
  }
  return null;
}
